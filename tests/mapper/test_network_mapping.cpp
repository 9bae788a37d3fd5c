// Are equal layers solved once, distinct ones as map_layer solves them, and failures told of all?
#include <catch2/catch.hpp>
#include <set>

#include "mapper/network_mapping.h"
#include "tests/mapper/small_case.h"
#include "tests/scratch_folder.h"

namespace heddle::mapper {
namespace {

using workload::Dim;
using workload::Operand;

std::vector<LayerQuestion> some_layers() {
  std::vector<LayerQuestion> layers;
  for (const auto& [name, outputs, inputs] :
       std::vector<std::tuple<const char*, int, int>>{{"a", 24, 40},
                                                      {"b", 10, 24},
                                                      {"a again", 24, 40},
                                                      {"c", 1, 1},
                                                      {"a twice", 24, 40},
                                                      {"d", 17, 3}}) {
    layers.push_back({SmallCase::linear(name, outputs, inputs), {}});
  }
  return layers;
}

std::string mappings(const std::vector<LayerAnswer>& answers, const arch::Accelerator& accelerator) {
  std::vector<arch::LayerMapping> all;
  for (const LayerAnswer& answer : answers) all.push_back(answer.mapped.value().mapping);
  return arch::to_yaml(all, accelerator);
}

TEST_CASE("equal layers are solved once, and every layer gets its mapping", "[network]") {
  const SmallCase c;
  NetworkMapper mapper(c.accelerator, c.table, {}, 1, nullptr);
  const std::vector<LayerQuestion> layers = some_layers();
  std::vector<std::string> begun;
  double last = 0;
  const auto answers = mapper.map(layers, [&](const std::string& layer, double share) {
    if (begun.empty() || begun.back() != layer) begun.push_back(layer);
    CHECK(share >= last);
    last = share;
  });
  CHECK(begun == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(last == 1.0);
  REQUIRE(answers.size() == layers.size());
  const std::vector<std::string> solved = {"a", "b", "a", "c", "a", "d"};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    INFO(layers[i].problem.name);
    CHECK(answers[i].solved_as == solved[i]);
    CHECK_FALSE(answers[i].cached);
    CHECK(answers[i].problems.empty());
    const MappedLayer alone = map_layer(layers[i].problem, c.accelerator, c.table, {});
    REQUIRE(answers[i].mapped);
    CHECK(answers[i].mapped->mapping.layer == layers[i].problem.name);
    CHECK(arch::to_yaml({answers[i].mapped->mapping}, c.accelerator) ==
          arch::to_yaml({alone.mapping}, c.accelerator));
    CHECK(answers[i].mapped->cost.cycles == alone.cost.cycles);
    CHECK(answers[i].mapped->cost.energy_pj == alone.cost.energy_pj);
    CHECK(answers[i].mapped->certificate.best == alone.certificate.best);
  }
  CHECK_NOTHROW(require_all_mapped(answers));
}

TEST_CASE("what has been mapped is remembered, and told apart by width, sparsity and place", "[network]") {
  const SmallCase c;
  NetworkMapper mapper(c.accelerator, c.table, {}, 2, nullptr);
  mapper.map(some_layers());
  LayerQuestion question{SmallCase::linear("later", 10, 24), {}};
  CHECK(mapper.map(question).solved_as == "b");
  CHECK(mapper.map(question).mapped->mapping.layer == "later");
  question.problem.weight_bits = 4;
  CHECK(mapper.map(question).solved_as == "later");
  question.problem.name = "stays";
  CHECK(mapper.map(question).solved_as == "later");
  question.problem.output_bits = 4;
  CHECK(mapper.map(question).solved_as == "stays");
}

TEST_CASE("answers do not depend on the number of threads", "[network]") {
  const SmallCase c;
  std::set<std::string> seen;
  for (const int jobs : {1, 2, 3, 16}) {
    NetworkMapper mapper(c.accelerator, c.table, {}, jobs, nullptr);
    CHECK(mapper.threads() == jobs);
    const auto answers = mapper.map(some_layers());
    seen.insert(mappings(answers, c.accelerator));
    for (std::size_t i = 0; i < answers.size(); ++i)
      CHECK(answers[i].solved_as == mapper.map(some_layers()[i]).solved_as);
  }
  CHECK(seen.size() == 1);
  CHECK(NetworkMapper(c.accelerator, c.table, {}, 0, nullptr).threads() >= 1);
}

TEST_CASE("layers that cannot be mapped are all named, with the level that is too small", "[network]") {
  SmallCase c;
  NetworkMapper mapper(c.accelerator, c.table, {}, 2, nullptr);
  std::vector<LayerQuestion> layers = some_layers();
  // Operands wider than the array's fit nothing.
  layers[1].problem.input_bits = 16;
  layers[3].problem.weight_bits = 9;
  layers.push_back(layers[1]);
  layers.back().problem.name = "b again";
  const auto answers = mapper.map(layers);
  REQUIRE(answers.size() == layers.size());
  for (const std::size_t bad : {1, 3, 6}) CHECK_FALSE(answers[bad].mapped);
  for (const std::size_t good : {0, 2, 4, 5}) CHECK(answers[good].mapped);
  try {
    require_all_mapped(answers);
    FAIL("nothing was thrown");
  } catch (const InputError& error) {
    CHECK(error.problems().size() == 2);  // "b again" fails as "b" does
    CHECK_THAT(error.what(),
               Catch::Contains("layer b: ") && Catch::Contains("inputs of 16 bits do not fit") &&
                   Catch::Contains("layer c: ") && Catch::Contains("weights of 9 bits do not fit"));
  }

  // A buffer that every tensor may bypass is never too small; registers that hold operands can be.
  arch::Accelerator tight = c.accelerator;
  tight.array.registers.shared_bytes = 1;
  NetworkMapper none(tight, c.table, {}, 1, nullptr);
  const LayerAnswer answer = none.map(some_layers().front());
  REQUIRE_FALSE(answer.mapped);
  CHECK_THROWS_WITH(require_all_mapped({answer}),
                    Catch::Contains("layer a: ") && Catch::Contains("registers"));
}

TEST_CASE("another run finds the mappings in the cache", "[network]") {
  const SmallCase c;
  const tests::ScratchFolder folder;
  const auto cache = [&] { return std::make_shared<MappingCache>(folder / "cache", "1"); };
  NetworkMapper first(c.accelerator, c.table, {}, 2, cache());
  const auto solved = first.map(some_layers());
  for (const LayerAnswer& answer : solved) CHECK_FALSE(answer.cached);
  NetworkMapper second(c.accelerator, c.table, {}, 2, cache());
  const auto found = second.map(some_layers());
  for (const LayerAnswer& answer : found) CHECK(answer.cached);
  CHECK(mappings(found, c.accelerator) == mappings(solved, c.accelerator));
  // Four distinct layers, a file each.
  CHECK(std::distance(std::filesystem::directory_iterator(folder / "cache"), {}) == 4);
}

}  // namespace
}  // namespace heddle::mapper
