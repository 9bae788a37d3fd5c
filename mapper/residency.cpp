#include "mapper/residency.h"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dag_shortest_paths.hpp>
#include <limits>
#include <utility>

namespace heddle::mapper {
namespace {

/// What a picojoule and what a cycle weigh.
struct Weights {
  double energy = 0, cycles = 0;
  double of(const Cost& cost) const {
    return energy * cost.energy_pj + cycles * static_cast<double>(cost.cycles);
  }
};

/// Nodes: before the first layer and after each, the tensor there in the DRAM or on chip. Edges: layers.
class LayeredGraph {
 public:
  explicit LayeredGraph(const std::vector<ResidencyStep>& steps)
      : steps_(steps), graph_(2 * (steps.size() + 1)) {
    for (std::size_t step = 0; step < steps.size(); ++step) {
      for (const bool before : {false, true}) {
        for (const bool after : {false, true}) {
          if (cost(step, before, after))
            boost::add_edge(node(step, before), node(step + 1, after), Edge{}, graph_);
        }
      }
    }
  }

  std::optional<ResidencyPath> shortest(const Weights& weights) {
    for (const auto edge : boost::make_iterator_range(boost::edges(graph_))) {
      const std::size_t from = boost::source(edge, graph_), to = boost::target(edge, graph_);
      graph_[edge].weight = weights.of(cost(from / 2, from % 2 == 1, to % 2 == 1).value());
    }
    std::vector<Node> before(boost::num_vertices(graph_));
    boost::dag_shortest_paths(
        graph_, node(0, false),
        boost::weight_map(boost::get(&Edge::weight, graph_)).predecessor_map(before.data()));

    ResidencyPath path{std::vector<bool>(steps_.size() - 1), {}};
    Node at = node(steps_.size(), false);
    for (std::size_t step = steps_.size(); step-- > 0;) {
      const Node from = before[at];
      if (from == at) return std::nullopt;  // nothing leads here
      if (step > 0) path.stays[step - 1] = from % 2 == 1;
      at = from;
    }
    for (std::size_t step = 0; step < steps_.size(); ++step) {
      const Cost& layer =
          cost(step, step > 0 && path.stays[step - 1], step + 1 < steps_.size() && path.stays[step]).value();
      path.cost.energy_pj += layer.energy_pj;
      path.cost.cycles += layer.cycles;
    }
    return path;
  }

 private:
  struct Edge {
    double weight = 0;
  };
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property, Edge>;
  using Node = boost::graph_traits<Graph>::vertex_descriptor;

  static Node node(std::size_t boundary, bool on_chip) { return 2 * boundary + (on_chip ? 1 : 0); }
  const std::optional<Cost>& cost(std::size_t step, bool before, bool after) const {
    return steps_[step].cost[before ? 1 : 0][after ? 1 : 0];
  }

  const std::vector<ResidencyStep>& steps_;
  Graph graph_;
};

/// The path with the least product of energy and cycles. A product of two positive sums is least at a corner
/// of the convex hull of all (energy, cycles), and each corner is the shortest path for some weights: between
/// two known corners, those that weigh both the same.
class LeastProduct {
 public:
  explicit LeastProduct(LayeredGraph& graph) : graph_(graph) {}

  std::optional<ResidencyPath> run() {
    const auto frugal = graph_.shortest({1, 0}), fast = graph_.shortest({0, 1});
    if (!frugal || !fast) return std::nullopt;
    take(*frugal);
    take(*fast);
    between(frugal->cost, fast->cost);
    return best_;
  }

 private:
  void take(const ResidencyPath& path) {
    if (!best_ || value(Objective::edp, path.cost) < value(Objective::edp, best_->cost)) best_ = path;
  }

  void between(const Cost& frugal, const Cost& fast) {
    const Weights weights{static_cast<double>(frugal.cycles - fast.cycles),
                          fast.energy_pj - frugal.energy_pj};
    if (weights.energy <= 0 || weights.cycles <= 0) return;  // one of the two has the least of both
    const ResidencyPath path = graph_.shortest(weights).value();
    if (!(weights.of(path.cost) < weights.of(frugal) * (1 - 1e-12))) return;  // no corner between them
    take(path);
    between(frugal, path.cost);
    between(path.cost, fast);
  }

  LayeredGraph& graph_;
  std::optional<ResidencyPath> best_;
};

}  // namespace

std::optional<ResidencyPath> shortest_residency(const std::vector<ResidencyStep>& steps,
                                                Objective objective) {
  if (steps.empty()) return std::nullopt;
  LayeredGraph graph(steps);
  switch (objective) {
    case Objective::energy:
      return graph.shortest({1, 0});
    case Objective::latency:
      return graph.shortest({0, 1});
    case Objective::edp:
      break;
  }
  return LeastProduct(graph).run();
}

}  // namespace heddle::mapper
