// Does the cache give back what was stored, for the same question only, whatever has happened to its files?
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "mapper/cache.h"
#include "tests/mapper/small_case.h"
#include "tests/scratch_folder.h"

namespace heddle::mapper {
namespace {

using tests::contents;
using workload::Dim;
using workload::Operand;

struct Case : SmallCase {
  arch::LayerProblem problem = linear("fc", 24, 40);
  MapperOptions options;
  workload::PerOperand<bool> on_chip{};

  MappingQuestion question() const { return {problem, accelerator, table, options, on_chip}; }
  MappedLayer answer() const { return map_layer(problem, accelerator, table, options, on_chip); }
};

std::string text(const MappedLayer& answer, const arch::Accelerator& accelerator) {
  std::string all = arch::to_yaml({answer.mapping}, accelerator);
  const Certificate& c = answer.certificate;
  const auto exactly = [](double value) {
    std::array<char, 64> digits{};
    std::snprintf(digits.data(), digits.size(), "%a ", value);
    return std::string(digits.data());
  };
  all += exactly(answer.cost.energy_pj) + std::to_string(answer.cost.cycles) +
         (c.proved ? " proved " : " open ");
  all += exactly(c.lower_bound) + exactly(c.best) + exactly(c.seconds);
  all += to_string(c.space) + " " + to_string(c.evaluated);
  for (const auto& [reason, mappings] : c.removed) all += " " + reason + " " + to_string(mappings);
  return all;
}

std::filesystem::path only_file(const tests::ScratchFolder& folder) {
  REQUIRE(folder.files() == 1);
  return std::filesystem::directory_iterator(folder.path())->path();
}

TEST_CASE("an answer comes back as it was stored", "[cache]") {
  const tests::ScratchFolder folder;
  const Case c;
  MappingCache cache(folder.path(), "1");
  CHECK_FALSE(cache.find(c.question()));
  MappedLayer answer = c.answer();
  answer.certificate.seconds = 1.0 / 3;  // no short decimal
  answer.certificate.space = (Count{1} << 100) + 7;
  cache.store(c.question(), answer);
  CHECK(cache.trouble().empty());
  const auto found = cache.find(c.question());
  REQUIRE(found);
  CHECK(text(*found, c.accelerator) == text(answer, c.accelerator));
  CHECK(to_string(found->certificate.space) == "1267650600228229401496703205383");  // 2^100 + 7
  // Another program of the same version finds it, too.
  CHECK(MappingCache(folder.path(), "1").find(c.question()));
}

TEST_CASE("an equal layer of another name has the same answer, with its own name", "[cache]") {
  const tests::ScratchFolder folder;
  Case c;
  MappingCache cache(folder.path(), "1");
  cache.store(c.question(), c.answer());
  c.problem.name = "another";
  const auto found = cache.find(c.question());
  REQUIRE(found);
  CHECK(found->mapping.layer == "another");
}

TEST_CASE("names and clock and areas make no other question", "[cache]") {
  const tests::ScratchFolder folder;
  const Case original;
  MappingCache cache(folder.path(), "1");
  cache.store(original.question(), original.answer());
  Case renamed;
  renamed.accelerator.name = "another";
  renamed.accelerator.clock_hz *= 2;
  renamed.table.version += "b";
  renamed.table.area = arch::AreaTable{};
  CHECK(cache.find(renamed.question()));
  CHECK(folder.files() == 1);
}

TEST_CASE("everything that a mapping depends on makes another question", "[cache]") {
  const tests::ScratchFolder folder;
  const Case original;
  MappingCache cache(folder.path(), "1");
  const MappedLayer answer = original.answer();
  REQUIRE(answer.certificate.proved);
  cache.store(original.question(), answer);

  const std::vector<std::pair<const char*, std::function<void(Case&)>>> changes = {
      {"size", [](Case& c) { c.problem.shape.size[Dim::M] = 23; }},
      {"stride", [](Case& c) { c.problem.shape.stride_w = 2; }},
      {"input rows", [](Case& c) { c.problem.shape.input_h = 2; }},
      {"weight width", [](Case& c) { c.problem.weight_bits = 4; }},
      {"input width", [](Case& c) { c.problem.input_bits = 4; }},
      {"output width", [](Case& c) { c.problem.output_bits = 4; }},
      {"sparsity",
       [](Case& c) {
         c.problem.sparsity = workload::StructuredSparsity{2, 4};
       }},
      {"on chip", [](Case& c) { c.on_chip[Operand::inputs] = true; }},
      {"rows", [](Case& c) { c.accelerator.array.rows = 7; }},
      {"scalable", [](Case& c) { c.accelerator.array.scalable = true; }},
      {"registers", [](Case& c) { c.accelerator.array.registers.outputs = 15; }},
      {"shared registers", [](Case& c) { c.accelerator.array.registers.shared_bytes = 512; }},
      {"port", [](Case& c) { c.accelerator.array.ports.inputs = 32; }},
      {"buffer size", [](Case& c) { c.accelerator.memory[1].size_bytes -= 1; }},
      {"buffering", [](Case& c) { c.accelerator.memory[1].double_buffered = false; }},
      {"latency", [](Case& c) { c.accelerator.memory[0].latency_cycles += 1; }},
      {"another level", [](Case& c) { c.accelerator.memory.push_back(c.accelerator.memory[1]); }},
      {"dram energy", [](Case& c) { c.table.dram_pj *= 1.0000000000000002; }},
      {"sram energy", [](Case& c) { c.table.sram[0].picojoules += 1; }},
      {"multiplier energy", [](Case& c) { c.table.int_multiply[0].key += 1; }},
      {"cycle energy", [](Case& c) { c.table.cycle_pj += 1; }},
      {"search", [](Case& c) { c.options.search = Search::random; }},
      {"objective", [](Case& c) { c.options.options.objective = Objective::latency; }},
      {"factors", [](Case& c) { c.options.constraints.factors = Factors::ragged; }},
      {"utilization", [](Case& c) { c.options.constraints.least_utilization = 0.5; }},
      {"axis", [](Case& c) { c.options.constraints.axes[Dim::M] = 1; }},
      {"register order", [](Case& c) { c.options.constraints.registers.order = {Dim::M}; }},
      {"level factor",
       [](Case& c) {
         c.options.constraints.memory.resize(2);
         c.options.constraints.memory[1].factor[Dim::C] = 2;
       }},
      {"level keep",
       [](Case& c) {
         c.options.constraints.memory.resize(2);
         c.options.constraints.memory[1].keep[Operand::inputs] = false;
       }},
  };
  for (const auto& [what, change] : changes) {
    INFO(what);
    Case other;
    change(other);
    CHECK_FALSE(cache.find(other.question()));
    // Nor is it hidden by the first one: it has a file of its own.
    const std::size_t files = folder.files();
    cache.store(other.question(), answer);
    CHECK(folder.files() == files + 1);
  }
  CHECK_FALSE(MappingCache(folder.path(), "2").find(original.question()));
  CHECK(cache.find(original.question()));

  // What changes nothing: the seed of a search that does not draw, a budget that was not needed.
  Case same;
  same.options.options.seed = 99;
  same.options.options.seconds = 3;
  CHECK(cache.find(same.question()));
}

TEST_CASE("answers that are not proved are those of the same budget and seed", "[cache]") {
  const tests::ScratchFolder folder;
  Case c;
  MappingCache cache(folder.path(), "1");
  MappedLayer answer = c.answer();
  answer.certificate.proved = false;
  c.options.search = Search::annealing;
  c.options.options.evaluations = 100;
  cache.store(c.question(), answer);
  CHECK(cache.find(c.question()));
  for (const auto& change : std::vector<std::function<void(SearchOptions&)>>{
           [](SearchOptions& o) { o.evaluations = 101; }, [](SearchOptions& o) { o.seconds = 1; },
           [](SearchOptions& o) { o.seed = 2; }}) {
    Case other = c;
    change(other.options.options);
    CHECK_FALSE(cache.find(other.question()));
  }
}

TEST_CASE("a damaged file never gives a wrong answer, and is replaced", "[cache]") {
  const tests::ScratchFolder folder;
  const Case c;
  MappingCache cache(folder.path(), "1");
  const MappedLayer answer = c.answer();
  cache.store(c.question(), answer);
  const std::filesystem::path file = only_file(folder);
  const std::string good = contents(file), expected = text(answer, c.accelerator);

  std::size_t refused = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = bad[at] == '1' ? '2' : '1';
    tests::put(file, bad);
    const auto found = cache.find(c.question());
    refused += found ? 0 : 1;
    if (found) REQUIRE(text(*found, c.accelerator) == expected);
  }
  CHECK(refused >= good.size() - 1);  // all but the last byte, a newline, mean something
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, good.size() / 2, good.size() - 2}) {
    tests::put(file, good.substr(0, length));
    CHECK_FALSE(cache.find(c.question()));
  }
  for (const char* foreign :
       {"[]", "{}", "null", "7", "{\"answer\": 1, \"key\": 2, \"sha256\": 3}", "\xff\xfe"}) {
    INFO(foreign);
    tests::put(file, foreign);
    CHECK_FALSE(cache.find(c.question()));
  }
  cache.store(c.question(), answer);
  CHECK(cache.trouble().empty());
  CHECK(contents(file) == good);
  CHECK(folder.files() == 1);
}

TEST_CASE("an answer under another's name is not taken", "[cache]") {
  const tests::ScratchFolder folder;
  const Case c;
  MappingCache cache(folder.path(), "1");
  cache.store(c.question(), c.answer());
  const std::filesystem::path first = only_file(folder);
  Case other;
  other.problem.shape.size[Dim::M] = 25;
  cache.store(other.question(), other.answer());
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.path() != first) tests::put(first, contents(entry.path()));
  }
  CHECK_FALSE(cache.find(c.question()));
  CHECK(cache.find(other.question()));
}

TEST_CASE("an answer that does not cost what it says is not taken", "[cache]") {
  const tests::ScratchFolder folder;
  const Case c;
  MappingCache cache(folder.path(), "1");
  const MappedLayer answer = c.answer();
  for (const auto& change : std::vector<std::function<void(Cost&)>>{
           [](Cost& cost) { cost.cycles -= 1; }, [](Cost& cost) { cost.energy_pj *= 1.001; }}) {
    MappedLayer other = answer;
    change(other.cost);
    cache.store(c.question(), other);
    CHECK_FALSE(cache.find(c.question()));
  }
  cache.store(c.question(), answer);
  CHECK(cache.find(c.question()));
}

TEST_CASE("a folder that cannot be written leaves a cache without answers, and says why once", "[cache]") {
  const tests::ScratchFolder folder;
  const Case c;
  const MappedLayer answer = c.answer();
  MappingCache blocked(folder.write("file", "x") / "mappings", "1");
  CHECK(blocked.trouble().empty());
  blocked.store(c.question(), answer);
  const std::string trouble = blocked.trouble();
  CHECK_THAT(trouble, Catch::Contains((folder / "file").string()) && Catch::Contains("cannot be made"));
  CHECK_FALSE(blocked.find(c.question()));
  blocked.store(c.question(), answer);
  CHECK(blocked.trouble() == trouble);

  // A folder stands where the answer should.
  MappingCache cache(folder / "cache", "1");
  cache.store(c.question(), answer);
  const auto file = std::filesystem::directory_iterator(folder / "cache")->path();
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  CHECK_FALSE(cache.find(c.question()));
  cache.store(c.question(), answer);
  CHECK_THAT(cache.trouble(), Catch::Contains("is a folder"));
}

TEST_CASE("processes that store and find the same answers at once disturb nobody", "[cache]") {
  const tests::ScratchFolder folder;
  const Case c;
  const MappedLayer answer = c.answer();
  const std::string expected = text(answer, c.accelerator);
  std::vector<pid_t> children;
  for (int process = 0; process < 4; ++process) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      MappingCache cache(folder.path(), "1");
      bool good = true;
      for (int i = 0; i < 200; ++i) {
        cache.store(c.question(), answer);
        const auto found = cache.find(c.question());
        good = good && found && text(*found, c.accelerator) == expected;
      }
      _exit(good && cache.trouble().empty() ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int state = 0;
    REQUIRE(waitpid(child, &state, 0) == child);
    CHECK(WIFEXITED(state));
    CHECK(WEXITSTATUS(state) == 0);
  }
  CHECK(folder.files() == 1);  // no litter
}

TEST_CASE("the cache is where the XDG specification says", "[cache]") {
  setenv("HOME", "/home/weaver", 1);
  setenv("XDG_CACHE_HOME", "/scratch/cache", 1);
  CHECK(default_cache_folder() == "/scratch/cache/heddle/mappings");
  for (const char* no_folder : {"", "relative/path"}) {
    setenv("XDG_CACHE_HOME", no_folder, 1);
    CHECK(default_cache_folder() == "/home/weaver/.cache/heddle/mappings");
  }
  unsetenv("XDG_CACHE_HOME");
  CHECK(default_cache_folder() == "/home/weaver/.cache/heddle/mappings");
  unsetenv("HOME");
  CHECK_FALSE(default_cache_folder());
}

}  // namespace
}  // namespace heddle::mapper
