// Which constants each vector operation needs, and how many of them.
#include <fmt/format.h>

#include <stdexcept>
#include <type_traits>

#include "workload/reference/vector_kernel.h"

namespace heddle::workload {
namespace {

class Check {
 public:
  Check(const Network& network, const Layer& layer, const QuantizedLayer& q)
      : layer_(layer), q_(q), in_(network.shape(layer.inputs.at(0))) {}

  void operator()(const Add&) const { multipliers(2); }
  void operator()(const Multiply&) const { multipliers(1); }
  void operator()(const Activate&) const { multipliers(1); }
  void operator()(const GlobalAveragePool&) const { multipliers(1); }
  void operator()(const Concat&) const { multipliers(layer_.inputs.size()); }
  void operator()(const Rotary&) const {
    multipliers(static_cast<std::size_t>(in_.back() * in_[in_.size() - 2]));
  }
  void operator()(const Pool& pool) const {
    if (pool.kind == Pool::Kind::average) multipliers(1);
  }
  void operator()(const BatchNorm&) const {
    multipliers(static_cast<std::size_t>(in_[1]));
    need(q_.offsets.size(), q_.multipliers.size(), "offsets");
  }
  void operator()(const Softmax&) const {
    multipliers(1);
    need(q_.table.size(), q_.inputs[0].bits > 8 ? 512 : 256, "exponentials");
  }
  void operator()(const LayerNorm&) const {
    multipliers(static_cast<std::size_t>(in_.back()));
    if (!q_.offsets.empty()) need(q_.offsets.size(), q_.multipliers.size(), "offsets");
  }
  void operator()(const LocalResponseNorm&) const {
    multipliers(63);
    need(q_.table.size(), 257, "powers");
  }
  void operator()(const Embedding& embedding) const {
    need(q_.weights.codes.size(), static_cast<std::size_t>(embedding.rows * embedding.columns),
         "codes in the table");
  }
  template <class Other>
  void operator()(const Other&) const {}  // moves codes as they are

 private:
  void multipliers(std::size_t count) const { need(q_.multipliers.size(), count, "multipliers"); }
  void need(std::size_t got, std::size_t expected, const char* what) const {
    if (got == expected) return;
    throw std::invalid_argument(fmt::format("{}: {} {}, expected {}", layer_.name, got, what, expected));
  }

  const Layer& layer_;
  const QuantizedLayer& q_;
  const Shape& in_;
};

}  // namespace

void check_constants(const Network& network, const Layer& layer, const QuantizedLayer& q) {
  std::visit(Check(network, layer, q), layer.operation);
}

}  // namespace heddle::workload
