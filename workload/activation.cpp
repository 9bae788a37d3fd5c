// Activation functions: names and float values.
#include <algorithm>
#include <array>
#include <cmath>

#include "workload/layer.h"

namespace heddle::workload {
namespace {

constexpr std::array<std::string_view, 9> kNames = {"none",    "relu", "relu6", "hard_swish", "hard_sigmoid",
                                                    "sigmoid", "tanh", "gelu",  "silu"};

float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }
float hard_sigmoid(float x) { return std::clamp(x / 6.0F + 0.5F, 0.0F, 1.0F); }

}  // namespace

std::string_view name(Activation activation) { return kNames.at(static_cast<std::size_t>(activation)); }

std::optional<Activation> activation_of(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Activation>(found - kNames.begin());
}

float apply(Activation activation, float x) {
  switch (activation) {
    case Activation::none:
      return x;
    case Activation::relu:
      return std::max(x, 0.0F);
    case Activation::relu6:
      return std::clamp(x, 0.0F, 6.0F);
    case Activation::hard_swish:
      return x * hard_sigmoid(x);
    case Activation::hard_sigmoid:
      return hard_sigmoid(x);
    case Activation::sigmoid:
      return sigmoid(x);
    case Activation::tanh:
      return std::tanh(x);
    case Activation::gelu:
      return 0.5F * x * (1.0F + std::erf(x * 0.70710678118654752F));
    case Activation::silu:
      return x * sigmoid(x);
  }
  return x;
}

}  // namespace heddle::workload
