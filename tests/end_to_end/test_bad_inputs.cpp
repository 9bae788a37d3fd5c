// Does every bad input end in a message that says what is wrong, with nothing else done, and never in a
// crash?
//
// docs/bad-inputs.md lists the messages. After a change, write it anew with
//   HEDDLE_WRITE_DOCS=1 build/release/test_end_to_end "docs/bad-inputs.md holds the messages of today"
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <set>

#include "tests/end_to_end/bad_input.h"
#include "tests/end_to_end/program.h"
#include "tests/scratch_folder.h"

namespace heddle::end_to_end {
namespace {

Outcome run_bad(const BadInput& bad, const tests::ScratchFolder& folder) {
  for (const auto& [name, content] : bad.files) tests::put(folder / name, content);
  return run_heddle(folder.path(), bad.arguments);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// A message as a table cell: without this machine's paths, and without lists that grow with every new
/// config.
std::string cell(std::string message) {
  message = replaced(std::move(message), std::string(HEDDLE_SOURCE_DIR) + "/", "");
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < message.size();) {
    const std::size_t end = std::min(message.find('\n', begin), message.size());
    std::string line = message.substr(begin, end - begin);
    const std::size_t list = line.find("one of configs/");
    if (list != std::string::npos) line = line.substr(0, line.find(':', list) + 1) + " ...";
    if (!line.empty()) lines.push_back("`` " + replaced(std::move(line), "|", "\\|") + " ``");
    begin = end + 1;
  }
  return fmt::format("{}", fmt::join(lines, "<br>"));
}

std::string page() {
  std::string text =
      "# Bad inputs\n\n"
      "What heddle says to them, on standard error, with exit status 2, nothing on standard output and no "
      "file written. "
      "`tests/end_to_end/test_bad_inputs.cpp` makes every one of these inputs, runs the program and compares "
      "this "
      "page with what it says.\n";
  std::string kind;
  for (const BadInput& bad : all_bad_inputs()) {
    const tests::ScratchFolder folder;
    if (bad.kind != kind) text += fmt::format("\n## {}\n\n| input | message |\n|---|---|\n", bad.kind);
    kind = bad.kind;
    text += fmt::format("| {} | {} |\n", bad.name, cell(run_bad(bad, folder).err));
  }
  return text;
}

TEST_CASE("every bad input ends with status 2, a message that says what is wrong, and nothing else") {
  const std::vector<BadInput> table = all_bad_inputs();
  CHECK(table.size() >= 50);
  std::set<std::string> names;
  for (const BadInput& bad : table) {
    CHECK(names.insert(bad.kind + ": " + bad.name).second);
    const tests::ScratchFolder folder;
    const Outcome outcome = run_bad(bad, folder);
    INFO(bad.kind << ": " << bad.name << "\n" << transcript(bad.arguments, outcome));
    CHECK(outcome.signal == 0);
    CHECK(outcome.status == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, !Catch::Contains("internal error"));
    CHECK_FALSE(bad.fragments.empty());
    for (const std::string& fragment : bad.fragments) CHECK_THAT(outcome.err, Catch::Contains(fragment));
    std::set<std::string> roots;
    for (const auto& [name, content] : bad.files) roots.insert(name.substr(0, name.find('/')));
    CHECK(folder.files() == roots.size());
  }
}

TEST_CASE("the files that the bad ones are made from are fine") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kNetwork);
  tests::put(folder / "arch.yaml", changed(kAccelerator, "han2015-45nm", "mine.yaml"));
  tests::put(folder / "mine.yaml", kEnergy);
  tests::put(folder / "map.yaml", kMapping);
  tests::put(folder / "recipe.yaml",
             "default: {weights: 7}\nlayers: [{pattern: conv, prune: {structured: \"2:4\"}}]\n");
  tests::put(folder / "images.npy", npy("<f4", false, "(1, 3, 8, 8)", floats(std::vector<float>(192, 0.5F))));
  tests::put(folder / "labels.npy", npy("|u1", false, "(1,)", "\x09"));
  const auto arguments = words(
      "run net.yaml --arch arch.yaml --mapping map.yaml --recipe recipe.yaml --input images.npy --labels "
      "labels.npy");
  const Outcome outcome = run_heddle(folder.path(), arguments);
  INFO(transcript(arguments, outcome));
  CHECK(outcome.status == 0);
  CHECK(outcome.err.empty());
  CHECK_THAT(outcome.out, Catch::Contains("conv"));
}

// SystemC tells the address sanitizer of its switches between stacks, but not where the main one is: an
// exception after a simulation then looks to it like a use of dead variables.
#ifndef __SANITIZE_ADDRESS__
TEST_CASE("what has been computed before a layer that cannot run is reported, with status 2") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kNetwork);
  // Twice one weight, one input and one output of the conv fit, a row of the pool does not.
  tests::put(folder / "arch.yaml", changed(kAccelerator, "size: 128 KiB, word: 64", "size: 8 B, word: 8"));
  const auto arguments = words("run net.yaml --arch arch.yaml --json r.json");
  const Outcome outcome = run_heddle(folder.path(), arguments);
  INFO(transcript(arguments, outcome));
  CHECK(outcome.status == 2);
  CHECK_THAT(outcome.err,
             Catch::Contains("small: layer pool: buffer holds 8 bytes, the smallest piece of this "
                             "layer needs "));
  CHECK_THAT(outcome.out, Catch::Contains("conv") && !Catch::Contains("pool"));
  const nlohmann::json run = json_file(folder / "r.json");
  REQUIRE(run.at("layers").size() == 1);
  CHECK(run.at("layers").at(0).at("name") == "conv");
  CHECK(run.at("layers").at(0).at("checks").at("reference") == "equal");
  CHECK(run.at("incomplete").get<std::string>() + "\n" == outcome.err);
}

// Here the sanitizer would end the program itself.
TEST_CASE("a network that needs more memory than there is ends with status 2 and says so") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml",
             "name: big\ninput: [1, 1000]\nlayers: [{name: fc, op: linear, out: 1000000000}]\n");
  const auto arguments = words("run net.yaml --arch dense-8x8 --search default");
  const Outcome outcome = run_heddle(folder.path(), arguments);
  INFO(transcript(arguments, outcome));
  CHECK(outcome.signal == 0);
  CHECK(outcome.status == 2);
  CHECK(outcome.out.empty());
  CHECK_THAT(outcome.err, Catch::Contains("out of memory"));
}
#endif

TEST_CASE("docs/bad-inputs.md holds the messages of today") {
  const std::filesystem::path file = std::filesystem::path(HEDDLE_SOURCE_DIR) / "docs/bad-inputs.md";
  const std::string today = page();
  if (std::getenv("HEDDLE_WRITE_DOCS") != nullptr) std::ofstream(file, std::ios::binary) << today;
  CHECK(tests::contents(file) == today);
}

}  // namespace
}  // namespace heddle::end_to_end
