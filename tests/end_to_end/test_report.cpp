// Does `heddle report` make a page of what `heddle run` and `heddle map` wrote, and refuse the rest?
#include <catch2/catch.hpp>

#include "tests/end_to_end/program.h"
#include "tests/scratch_folder.h"

namespace heddle::end_to_end {
namespace {

Outcome started(const tests::ScratchFolder& folder, const std::string& line, int status) {
  const Outcome outcome = run_heddle(folder.path(), words(line));
  INFO(transcript(words(line), outcome));
  REQUIRE(outcome.status == status);
  return outcome;
}

TEST_CASE("report turns the JSON of run and map into a page") {
  const tests::ScratchFolder folder;
  started(folder, "run lenet-300-100 --arch eie-16 --json eie.json --quiet", 0);
  started(folder, "run lenet-5 --arch dense-8x8 --fidelity analytical --json run.json --quiet", 0);
  started(folder, "map lenet-300-100 --arch dense-8x8 --json map.json --quiet", 0);
  for (const std::string name : {"eie", "run", "map"}) {
    const Outcome outcome = started(folder, "report " + name + ".json --html " + name + ".html", 0);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.empty());
    CHECK_THAT(tests::contents(folder / (name + ".html")), Catch::StartsWith("<!DOCTYPE html>"));
  }
}

TEST_CASE("report answers bad input with status 2 and the file") {
  const tests::ScratchFolder folder;
  tests::put(folder / "bad.json", "{\"heddle\": 1, \"layers\": {}}");
  CHECK_THAT(
      started(folder, "report bad.json --html page.html", 2).err,
      Catch::Contains("bad.json: layers: is no list") && Catch::Contains("bad.json: heddle: is no text"));
  CHECK_THAT(started(folder, "report absent.json --html page.html", 2).err, Catch::Contains("absent.json"));
  CHECK_THAT(started(folder, "report bad.json", 2).err, Catch::Contains("--html"));
  CHECK_THAT(started(folder, "report --html page.html", 2).err, Catch::Contains("RESULTS"));
  CHECK_FALSE(std::filesystem::exists(folder / "page.html"));
}

}  // namespace
}  // namespace heddle::end_to_end
