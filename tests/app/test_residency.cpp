// Do the tensors stay on chip that should, and is what mapping files say of them true?
#include <catch2/catch.hpp>
#include <limits>
#include <random>

#include "app/analytical_run.h"
#include "app/residency.h"
#include "support/error.h"
#include "tests/scratch_folder.h"
#include "workload/compress/quantize.h"

using namespace heddle;
using mapper::Cost;
using mapper::Objective;
using mapper::ResidencyStep;

namespace {

const app::ConfigLibrary kLibrary({std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs"});

// Every tensor but the last is read by the next layer alone.
const std::string kChain = R"(name: chain
input: [1, 4, 12, 12]
layers:
  - {name: a, op: conv, out: 16, kernel: 3, padding: 1}
  - {name: pool, op: max_pool, kernel: 2, stride: 2}
  - {name: b, op: conv, out: 24, kernel: 3, padding: 1}
  - {name: flat, op: flatten}
  - {name: c, op: linear, out: 30}
  - {name: d, op: linear, out: 7}
)";

const std::string kResidual = R"(name: residual
input: [1, 4, 8, 8]
layers:
  - {name: a, op: conv, out: 8, kernel: 3, padding: 1}
  - {name: b, op: conv, out: 8, kernel: 3, padding: 1}
  - {name: c, op: conv, out: 8, kernel: 1}
  - {name: sum, op: add, from: [c, a]}
  - {name: last, op: conv, out: 3, kernel: 1}
)";

std::string accelerator(int buffer_bytes) {
  return R"(name: small
clock: 100 MHz
energy: han2015-45nm
array: {unit: dot, rows: 4, columns: 4, lanes: 4, bits: {weights: 8, activations: 8, accumulators: 32},
        registers: {weights: 1, inputs: 1, outputs: 4}, ports: {weights: 16, inputs: 16, outputs: 4}}
memory:
  - {name: dram, kind: dram, bandwidth: 4, latency: 20, burst: 16}
  - {name: buffer, kind: sram, size: )" +
         std::to_string(buffer_bytes) + " B, word: 8, bandwidth: 16, double_buffered: true}\n";
}

class Case {
 public:
  explicit Case(const std::string& network, int buffer_bytes = 4096) {
    tests::put(folder_ / "net.yaml", network);
    tests::put(folder_ / "arch.yaml", accelerator(buffer_bytes));
    options.network = folder_ / "net.yaml";
    options.arch = folder_ / "arch.yaml";
    options.fidelity = app::kAnalytical;
    options.mapper.cache = false;
    options.mapper.keep_on_chip = true;
  }
  app::RunPlan plan() const { return app::plan_run(options, kLibrary); }
  void map(const std::string& yaml) {
    tests::put(folder_ / "map.yaml", yaml);
    options.mapping = folder_ / "map.yaml";
  }

  app::RunOptions options;

 private:
  const tests::ScratchFolder folder_;
};

/// What the layers of a plan cost as they are analyzed, one by one; nothing if one does not fit.
std::optional<Cost> analyzed(const app::RunPlan& plan) {
  const std::vector<int> bits = workload::tensor_bits(plan.network(), plan.workload.recipe);
  Cost sum;
  try {
    for (const int step : plan.selected) {
      const app::LayerResult layer =
          app::analyzed_layer(plan, plan.live.order[static_cast<std::size_t>(step)], bits);
      sum.energy_pj += layer.energy.total;
      sum.cycles += layer.cycles.total;
    }
  } catch (const InputError&) {
    return {};
  }
  return sum;
}

std::vector<std::string> staying(const Case& which) {
  app::RunPlan plan = which.plan();
  app::Progress quiet(true);
  return app::keep_on_chip(plan, quiet).tensors;
}

using Names = std::vector<std::string>;

Names candidate_names(const app::RunPlan& plan) {
  const std::vector<bool> candidates = app::candidates(plan);
  Names names;
  for (std::size_t step = 0; step < candidates.size(); ++step) {
    if (candidates[step]) names.push_back(plan.layer_of(step).name);
  }
  return names;
}

std::string refusal(const Case& which) {
  try {
    which.plan();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// A mapping of a linear layer with one loop for each dimension, which both fit the buffer.
std::string linear_mapping(const std::string& name, const std::string& on_chip, int outputs, int inputs) {
  return "- layer: " + name + "\n" + (on_chip.empty() ? "" : "  on_chip: [" + on_chip + "]\n") +
         "  levels: [{level: dram}, {level: buffer, temporal: [M " + std::to_string(outputs) + ", C " +
         std::to_string(inputs) + "]}]\n";
}

const std::string kLinears = R"(name: linears
input: [1, 6]
layers:
  - {name: a, op: linear, out: 5}
  - {name: b, op: linear, out: 4}
  - {name: rows, op: softmax}
  - {name: c, op: linear, out: 3}
)";

}  // namespace

TEST_CASE("the shortest path costs the least of all combinations of random layers", "[residency]") {
  const unsigned seed = 11;
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const auto draw = [&](int most) { return std::uniform_int_distribution<int>(1, most)(random); };
  int without_path = 0;
  for (int repetition = 0; repetition < 600; ++repetition) {
    std::vector<ResidencyStep> steps(static_cast<std::size_t>(draw(9)));
    for (std::size_t step = 0; step < steps.size(); ++step) {
      for (const std::size_t before : {0, 1}) {
        for (const std::size_t after : {0, 1}) {
          if ((step == 0 && before == 1) || (step + 1 == steps.size() && after == 1)) continue;
          if (draw(5) > 1) steps[step].cost[before][after] = Cost{static_cast<double>(draw(40)), draw(40)};
        }
      }
    }
    for (const Objective objective : {Objective::edp, Objective::energy, Objective::latency}) {
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t combination = 0; combination < std::size_t{1} << (steps.size() - 1); ++combination) {
        Cost sum;
        bool possible = true;
        for (std::size_t step = 0; step < steps.size() && possible; ++step) {
          const std::size_t before = step == 0 ? 0 : combination >> (step - 1) & 1;
          const auto& cost = steps[step].cost[before][combination >> step & 1];
          possible = cost.has_value();
          if (!possible) break;
          sum.energy_pj += cost->energy_pj;
          sum.cycles += cost->cycles;
        }
        if (possible) least = std::min(least, mapper::value(objective, sum));
      }
      const auto path = mapper::shortest_residency(steps, objective);
      REQUIRE(path.has_value() == (least < std::numeric_limits<double>::infinity()));
      without_path += path ? 0 : 1;
      if (path) REQUIRE(mapper::value(objective, path->cost) == least);  // small whole numbers: exact
    }
  }
  CHECK(without_path > 0);
}

TEST_CASE("what stays on chip in a chain costs the least of all that could stay", "[residency]") {
  for (const std::string objective : {"edp", "energy", "latency"}) {
    INFO(objective);
    Case chain(kChain);
    chain.options.mapper.objective = objective;
    app::RunPlan plan = chain.plan();
    app::Progress quiet(true);
    const std::optional<Cost> plain = analyzed(plan);
    const app::StayOnChip stay = app::keep_on_chip(plan, quiet);
    CHECK(candidate_names(plan) == Names{"a", "pool", "b", "flat", "c"});
    const app::TensorSet chosen = plan.on_chip;
    CHECK(chosen.size() == stay.tensors.size());

    const Objective which = plan.mapper->options().options.objective;
    double least = std::numeric_limits<double>::infinity();
    int impossible = 0;
    for (unsigned combination = 0; combination < 1U << 5; ++combination) {
      plan.on_chip.clear();
      for (std::size_t step = 0; step < 5; ++step) {
        if ((combination >> step & 1) != 0) plan.on_chip.insert(plan.layer_of(step).output);
      }
      // flat is b in another shape: one stays with the other.
      if ((combination >> 2 & 1) != (combination >> 3 & 1)) continue;
      const auto cost = analyzed(plan);
      impossible += cost ? 0 : 1;
      if (cost) least = std::min(least, mapper::value(which, *cost));
    }
    CHECK(impossible < 16);
    plan.on_chip = chosen;
    const std::optional<Cost> after = analyzed(plan);
    REQUIRE((plain && after));
    CHECK(mapper::value(which, *after) == Approx(least).epsilon(1e-12));
    CHECK(stay.after.energy_pj == Approx(after->energy_pj).epsilon(1e-12));
    CHECK(stay.after.cycles == after->cycles);
    CHECK(stay.before.energy_pj == Approx(plain->energy_pj).epsilon(1e-12));
    CHECK(stay.before.cycles == plain->cycles);
    CHECK(least < mapper::value(which, *plain));  // something is to be gained here
  }
}

TEST_CASE("nothing stays in a buffer that is too small for it", "[residency]") {
  // Tensors: a 16 x 12 x 12 = 2304 bytes, pool 16 x 6 x 6 = 576, b and flat 24 x 6 x 6 = 864, c 30.
  CHECK(candidate_names(Case(kChain, 863).plan()) == Names{"pool", "c"});
  CHECK(candidate_names(Case(kChain, 575).plan()) == Names{"c"});
  // 512 bytes fit alone, but leave one byte for what the pool writes.
  const std::string tight = R"(name: tight
input: [1, 2, 8, 8]
layers:
  - {name: a, op: conv, out: 8, kernel: 1}
  - {name: pool, op: max_pool, kernel: 2, stride: 2}
)";
  REQUIRE(candidate_names(Case(tight, 513).plan()) == Names{"a"});
  CHECK(staying(Case(tight, 513)).empty());
  CHECK(staying(Case(tight, 2048)) == Names{"a"});
  CHECK(staying(Case(kResidual, 8)).empty());  // no layer fits: each tells when its turn comes
}

TEST_CASE("a tensor that a later layer reads too does not stay", "[residency]") {
  const Case residual(kResidual);
  CHECK(candidate_names(residual.plan()) == Names{"b", "c", "sum"});
  const Names names = staying(residual);
  CHECK_FALSE(names.empty());
  CHECK(std::find(names.begin(), names.end(), "a") == names.end());
}

TEST_CASE("network outputs, weights of products and layers that do not run keep nothing", "[residency]") {
  const Case product(R"(name: product
input: [1, 4, 4]
layers:
  - {name: q, op: linear, out: 4, from: input}
  - {name: k, op: linear, out: 4, from: input}
  - {name: scores, op: matmul, from: [q, k]}
  - {name: last, op: linear, out: 4}
)");
  CHECK(candidate_names(product.plan()) == Names{"scores"});  // k comes last, but is the product's weights
  Case chain(kChain);
  chain.options.layers = "a,pool,flat,c,d";
  CHECK(candidate_names(chain.plan()) == Names{"a", "flat", "c"});
  const Case marked(kResidual + "outputs: [b, last]\n");
  CHECK(candidate_names(marked.plan()) == Names{"c", "sum"});
}

TEST_CASE("layers follow what a mapping file says of their tensors", "[residency]") {
  Case linears(kLinears);
  linears.options.mapper.keep_on_chip = false;
  linears.map(linear_mapping("b", "inputs, outputs", 4, 5));
  const app::RunPlan plan = linears.plan();
  const std::vector<int> bits = workload::tensor_bits(plan.network(), plan.workload.recipe);
  CHECK(candidate_names(plan) == Names{"rows"});
  const auto layer = [&](int index) { return app::analyzed_layer(plan, index, bits); };
  using workload::Operand;
  CHECK(layer(0).mapping->on_chip[Operand::outputs]);
  CHECK_FALSE(layer(0).mapping->on_chip[Operand::inputs]);
  const auto& rows = layer(2).actions.memory[0];
  CHECK(rows[Operand::inputs].read_elements == 0);
  CHECK(rows[Operand::outputs].write_elements == 4);
  CHECK_FALSE(layer(3).mapping->on_chip[Operand::inputs]);

  // What it says comes from the DRAM is no candidate.
  linears.map(linear_mapping("b", "", 4, 5));
  CHECK(candidate_names(linears.plan()) == Names{"rows"});
  linears.map(linear_mapping("b", "inputs", 4, 5));
  linears.options.mapper.search = app::kDefaultMapping;
  const app::RunPlan without_search = linears.plan();
  CHECK_THROWS_WITH(app::analyzed_layer(without_search, 0, bits),
                    Catch::Contains("layer a: a neighbour keeps a tensor on chip"));
}

TEST_CASE("a mapping file whose layers disagree is refused", "[residency]") {
  Case linears(kLinears);
  const auto two = [&](const std::string& a, const std::string& b) {
    linears.map(linear_mapping("a", a, 5, 6) + linear_mapping("b", b, 4, 5));
    return refusal(linears);
  };
  CHECK(two("", "").empty());
  CHECK(two("outputs", "inputs").empty());
  CHECK(two("inputs, outputs", "inputs, outputs").empty());
  CHECK_THAT(
      two("", "inputs"),
      Catch::Contains("map.yaml: layer b: on_chip: its inputs are on chip, but layer a writes them to the "
                      "DRAM; expected on_chip: [outputs] there too, or no inputs here"));
  CHECK_THAT(
      two("outputs", ""),
      Catch::Contains("map.yaml: layer a: on_chip: its outputs are on chip, but layer b reads them from the "
                      "DRAM; expected on_chip: [inputs] there too, or no outputs here"));

  // Through a change of shape, as weights, and while other layers run.
  Case chain(kChain);
  chain.map(linear_mapping("d", "inputs", 7, 30) + linear_mapping("c", "outputs", 30, 864));
  CHECK(refusal(chain).empty());
  chain.map(linear_mapping("b", "outputs", 1, 1) + linear_mapping("c", "", 30, 864));
  CHECK_THAT(refusal(chain), Catch::Contains("layer b: on_chip: its outputs are on chip, but layer c reads"));
  Case product(R"(name: product
input: [1, 4, 4]
layers:
  - {name: q, op: linear, out: 4, from: input}
  - {name: k, op: linear, out: 4, from: input}
  - {name: scores, op: matmul, from: [q, k]}
)");
  product.map(linear_mapping("k", "outputs", 4, 4));
  CHECK_THAT(refusal(product), Catch::Contains("layer scores reads them as its weights"));
  Case residual(kResidual);
  residual.map(linear_mapping("a", "outputs", 1, 1));
  CHECK_THAT(refusal(residual),
             Catch::Contains("layer a: on_chip: tensor a is needed until layer sum has run, and "
                             "layer c, which runs before that, does not leave room"));
}
