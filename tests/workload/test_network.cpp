// The graph: order, readers, outputs, names; when tensors live; how it is drawn.
#include <catch2/catch.hpp>
#include <stdexcept>

#include "workload/dot.h"
#include "workload/live_ranges.h"
#include "workload/network.h"

namespace heddle::workload {
namespace {

TensorId add(Network& network, const std::string& name, Operation operation, std::vector<TensorId> inputs,
             Activation activation = Activation::none) {
  return network.add_layer({.name = name,
                            .operation = std::move(operation),
                            .activation = activation,
                            .inputs = std::move(inputs)});
}

/// in -> widen -> a -> sum
///            \-> b -/
struct Diamond {
  Network network{"diamond"};
  TensorId in = network.add_input("in", {1, 10});
  TensorId widen = add(network, "widen", Linear{.out_features = 30}, {in});
  TensorId a = add(network, "a", Linear{.out_features = 7}, {widen});
  TensorId b = add(network, "b", Linear{.out_features = 7}, {widen});
  TensorId sum = add(network, "sum", Add{}, {a, b}, Activation::relu);
};

TEST_CASE("layers come in the order of addition, producers before consumers") {
  const Diamond diamond;
  CHECK(diamond.network.topological_order() == std::vector<int>{0, 1, 2, 3});

  // A long chain with shortcuts: every producer precedes its consumers.
  Network network("chain");
  std::vector<TensorId> made = {network.add_input("in", {1, 4})};
  for (int i = 0; i < 200; ++i) {
    const TensorId far = made[static_cast<std::size_t>(i * 7) % made.size()];
    made.push_back(add(network, "add" + std::to_string(i), Add{}, {made.back(), far}));
  }
  const std::vector<int> order = network.topological_order();
  REQUIRE(order.size() == 200);
  std::vector<int> position(200);
  for (std::size_t i = 0; i < order.size(); ++i)
    position[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
  int edges = 0;
  for (const Value& value : network.values()) {
    for (const int consumer : value.consumers) {
      if (value.producer < 0) continue;
      ++edges;
      CHECK(position[static_cast<std::size_t>(value.producer)] <
            position[static_cast<std::size_t>(consumer)]);
    }
  }
  CHECK(static_cast<std::size_t>(edges) == boost::num_edges(network.graph()));
}

TEST_CASE("readers of a tensor are listed once, also when a layer reads it twice") {
  Network network("square");
  const TensorId in = network.add_input("in", {1, 4});
  const TensorId act = add(network, "act", Activate{}, {in}, Activation::relu);
  const TensorId square = add(network, "square", Multiply{}, {act, act});
  CHECK(network.values()[static_cast<std::size_t>(act)].consumers == std::vector<int>{1});
  CHECK(boost::num_edges(network.graph()) == 1);
  CHECK(network.outputs() == std::vector<TensorId>{square});
}

TEST_CASE("outputs are those that were marked, or those that nobody reads") {
  Diamond diamond;
  CHECK(diamond.network.outputs() == std::vector<TensorId>{diamond.sum});
  diamond.network.mark_output(diamond.a);
  diamond.network.mark_output(diamond.a);
  CHECK(diamond.network.outputs() == std::vector<TensorId>{diamond.a});
  CHECK_THROWS_AS(diamond.network.mark_output(99), std::invalid_argument);
}

TEST_CASE("names are unique and inputs exist") {
  Diamond diamond;
  CHECK_THROWS_WITH(add(diamond.network, "a", Add{}, {diamond.a, diamond.b}),
                    "there is already a layer \"a\"");
  CHECK_THROWS_WITH(add(diamond.network, "in", Add{}, {diamond.a, diamond.b}),
                    "there is already a tensor \"in\"");
  CHECK_THROWS_WITH(add(diamond.network, "", Add{}, {diamond.a, diamond.b}), "a layer without a name");
  CHECK_THROWS_WITH(add(diamond.network, "x", Add{}, {diamond.a, 77}),
                    Catch::Contains("tensor 77 as an input"));
  CHECK_THROWS_WITH(add(diamond.network, "x", Add{}, {diamond.a, -1}),
                    Catch::Contains("tensor -1 as an input"));
  CHECK(diamond.network.layers().size() == 4);  // what was refused left nothing behind
  CHECK(diamond.network.values().size() == 5);
  CHECK(boost::num_vertices(diamond.network.graph()) == 4);
}

TEST_CASE("live ranges and the peak, worked out by hand") {
  const Diamond diamond;
  const LiveRanges live = live_ranges(diamond.network);
  // step 0 widen: in 10 + widen 30 = 40; step 1 a: widen 30 + a 7; step 2 b: widen 30 + a 7 + b 7 = 44; step
  // 3: 21.
  CHECK(live.live_in(0) == std::vector<TensorId>{diamond.in, diamond.widen});
  CHECK(live.live_in(1) == std::vector<TensorId>{diamond.widen, diamond.a});
  CHECK(live.live_in(2) == std::vector<TensorId>{diamond.widen, diamond.a, diamond.b});
  CHECK(live.live_in(3) == std::vector<TensorId>{diamond.a, diamond.b, diamond.sum});
  CHECK(live.dead_after(0) == std::vector<TensorId>{diamond.in});
  CHECK(live.dead_after(1).empty());
  CHECK(live.dead_after(2) == std::vector<TensorId>{diamond.widen});

  const ActivationPeak peak = activation_peak(diamond.network, live, [](TensorId) { return 8; });
  CHECK(peak.step == 2);
  CHECK(peak.elements == 44);
  CHECK(peak.bits == 44 * 8);
  // With a wide input the first step holds most: 10 * 32 + 30 * 4 = 440 against 44 * 4.
  const ActivationPeak wide =
      activation_peak(diamond.network, live, [&](TensorId t) { return t == diamond.in ? 32 : 4; });
  CHECK(wide.step == 0);
  CHECK(wide.bits == 10 * 32 + 30 * 4);
  CHECK(wide.elements == 40);
}

TEST_CASE("a marked output stays to the end, a tensor that nobody reads dies at once") {
  Network network("ends");
  const TensorId in = network.add_input("in", {1, 2});
  const TensorId kept = add(network, "kept", Linear{.out_features = 3}, {in});
  const TensorId lost = add(network, "lost", Linear{.out_features = 5}, {in});
  const TensorId last = add(network, "last", Linear{.out_features = 1}, {in});
  network.mark_output(kept);
  network.mark_output(last);
  const LiveRanges live = live_ranges(network);
  CHECK(live.live_in(1) == std::vector<TensorId>{in, kept, lost});
  CHECK(live.live_in(2) == std::vector<TensorId>{in, kept, last});
  CHECK(live.dead_after(1) == std::vector<TensorId>{lost});
}

TEST_CASE("the drawing names every layer, its shapes and its totals") {
  Diamond diamond;
  const std::string text = to_dot(diamond.network);
  CHECK_THAT(text, Catch::StartsWith("digraph \"diamond\" {\n"));
  CHECK_THAT(text, Catch::EndsWith("}\n"));
  CHECK_THAT(text, Catch::Contains("l0 [label=\"widen\\nlinear\\n1x30\\n300 MACs\\n300 parameters\"]"));
  CHECK_THAT(text, Catch::Contains("l3 [label=\"sum\\nadd, relu\\n1x7\"]"));
  CHECK_THAT(text, Catch::Contains("l0 -> l2 [label=\"1x30\"]"));
  CHECK_THAT(text, Catch::Contains("diamond: 720 MACs, 720 parameters"));  // 10 * 30 + 2 * 30 * 7

  Network odd("quote\"and\\slash");
  add(odd, "x", Activate{}, {odd.add_input("in\"", {1200})}, Activation::relu);
  CHECK_THAT(to_dot(odd), Catch::Contains("digraph \"quote\\\"and\\\\slash\""));
  CHECK_THAT(to_dot(odd), Catch::Contains("label=\"in\\\"\\n1200\""));
}

}  // namespace
}  // namespace heddle::workload
