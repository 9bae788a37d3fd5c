// Random accelerators and layers with data, small enough for the clocked machine to run thousands of them.
#pragma once

#include <random>

#include "arch/accelerator.h"
#include "sim/layer_program.h"

namespace heddle::verify {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::int64_t range(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  template <class T>
  T one_of(std::initializer_list<T> choices) {
    return *(choices.begin() + range(0, static_cast<std::int64_t>(choices.size()) - 1));
  }
  bool chance(double p) { return static_cast<double>(engine_() >> 11) * 0x1p-53 < p; }
  std::mt19937_64& engine() { return engine_; }

 private:
  std::mt19937_64 engine_;
};

/// `levels` memory levels; `sparse`: an n:m array.
arch::Accelerator random_accelerator(Random& random, int levels, bool sparse);

/// A layer that the accelerator's operand widths allow, of at most 6000 multiply-accumulates.
arch::LayerProblem random_problem(Random& random, const arch::Accelerator& accelerator);
/// The output's size, which follows from that of the input; both at least 1.
void fit_window(workload::MacShape& shape);

/// `weights` are the dense codes (g, m, c, r, s); `inputs` the codes (n, g, c, row, column).
struct LayerData {
  std::vector<std::int16_t> weights, inputs;
};

struct Case {
  arch::LayerProblem problem;
  LayerData data;
  sim::LayerProgram program;  ///< without its mapping; call bind() before it runs
  /// Points the program to this case's inputs.
  void bind();
};

Case random_case(Random& random, const arch::Accelerator& accelerator);
/// Data for a given layer.
Case random_case(Random& random, const arch::Accelerator& accelerator, const arch::LayerProblem& problem);

/// Gives the case a random mapping (now and then the default one, or with tensors on chip) and binds it;
/// false if the layer does not fit the accelerator.

bool draw_mapping(Random& random, Case& test, const arch::Accelerator& accelerator);

/// Lets inputs and outputs stay on chip now and then: the buffer takes over the DRAM's loops that cut them.
void draw_on_chip(Random& random, arch::LayerMapping& mapping, const arch::LayerProblem& problem,
                  const arch::Accelerator& accelerator);

}  // namespace heddle::verify
