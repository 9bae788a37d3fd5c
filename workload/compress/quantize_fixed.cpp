// Multiply-accumulate layers in the fixed-point arithmetic of the eie array (docs/eie.md): shared weights,
// binary points, saturating sums.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <stdexcept>

#include "workload/compress/fixed_point.h"
#include "workload/compress/quantize_parts.h"
#include "workload/encode/kmeans.h"
#include "workload/random.h"

namespace heddle::workload::compress {
namespace {

constexpr int kBits = 16;       // of activations, codebook values and sums
constexpr int kMostShift = 31;  // of a product

/// Bits after the binary point of codes whose scale is a power of two.
int points_of(const Quantization& quantization) { return -std::ilogb(quantization.scale[0]); }

void check_finite(const Context& context, const char* what, const std::vector<float>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]))
      context.fail(fmt::format("{} {} is {}, expected a finite number", what, i, values[i]));
  }
}

/// Greatest magnitude that the layer's sums take without their bias: what was calibrated contains it.
double greatest_sum(const Context& context, const std::vector<float>& bias) {
  const Calibration& calibration = context.calibration;
  const Range& range = context.layer.activation == Activation::none
                           ? calibration.tensors[static_cast<std::size_t>(context.layer.output)]
                           : calibration.pre_activations[static_cast<std::size_t>(context.index)];
  double least = 0, most = 0;
  for (const float value : bias) {
    least = std::min<double>(least, value);
    most = std::max<double>(most, value);
  }
  return std::max(range.high - least, most - range.low);
}

/// Binary points of weights and sums.
struct Points {
  int weights = 0;
  int sums = 0;
};

/// As fine as the greatest magnitudes allow, the sums' with one bit of headroom, with 0 <= product_shift
/// <= 31.
Points choose_points(int input_points, int weight_points, double greatest_sum, bool weights_may_lose) {
  Points result{weight_points, binary_point(greatest_sum, kBits - 1)};
  const int products = input_points + weight_points;
  result.sums = std::min(result.sums, products);  // exact products need no more
  const int beyond = products - result.sums - kMostShift;
  // Such products are below half a step of the sum, whatever is done.
  if (beyond > 0) (weights_may_lose ? result.weights : result.sums) += weights_may_lose ? -beyond : beyond;
  return result;
}

/// The shared values as 16-bit numbers with this many bits after the point, and every weight's. A weight that
/// is not zero stays so.
void set_codebook(const FloatTensor& weights, const SharedValues& shared, int points, int bits,
                  QuantizedLayer& result) {
  constexpr double highest = INT16_MAX;
  std::vector<std::int16_t> codes;
  for (const float value : shared.values) {
    const double code =
        std::clamp(std::nearbyint(std::ldexp(static_cast<double>(value), points)), -highest, highest);
    codes.push_back(static_cast<std::int16_t>(code != 0 ? code : std::copysign(1.0, value)));
  }
  result.codebook = {0};
  std::unique_copy(codes.begin(), codes.end(), std::back_inserter(result.codebook));
  result.codebook.resize(std::size_t{1} << bits);
  result.weights.shape = weights.shape;
  result.weights.quantization = {kBits, {static_cast<float>(std::ldexp(1.0, -points))}, 0};
  result.weights.codes.resize(weights.values.size());
  for (std::size_t i = 0; i < weights.values.size(); ++i) {
    const float weight = weights.values[i];
    result.weights.codes[i] = weight == 0 ? std::int16_t{0} : codes[shared.nearest(weight)];
  }
}

}  // namespace

void quantize_fixed_mac_layer(const Context& context, const LayerRecipe& recipe, const MacShape& shape,
                              QuantizedLayer& result) {
  const int input_points = points_of(result.inputs[0]);
  Points points;
  if (std::holds_alternative<MatMul>(context.layer.operation)) {
    points = choose_points(input_points, points_of(result.inputs[1]), greatest_sum(context, {}), false);
  } else {
    if (!recipe.cluster)
      throw std::invalid_argument(context.layer.name + ": fixed arithmetic without clusters");
    const FloatTensor weights = context.parameters(context.index, Role::weights);
    check_finite(context, "weight", weights.values);
    std::vector<float> bias;
    if (context.layer.bias) bias = context.parameters(context.index, Role::bias).values;
    check_finite(context, "bias", bias);
    Clustering clustering = *recipe.cluster;
    clustering.seed = tensor_seed(clustering.seed, context.layer.name, "cluster");
    const SharedValues shared = share_values(weights.values, clustering);
    double greatest = 0;
    for (const float value : shared.values) greatest = std::max<double>(greatest, std::abs(value));
    points = choose_points(input_points, binary_point(greatest, kBits), greatest_sum(context, bias), true);
    set_codebook(weights, shared, points.weights, clustering.bits, result);
    for (const float value : bias) result.bias.push_back(rounded(std::ldexp(value, points.sums)));
  }
  result.fixed_sum = FixedPointSum{input_points + points.weights - points.sums, kBits};

  const Quantization before = activation_quantization(
      context.calibration.pre_activations[static_cast<std::size_t>(context.index)], 8);
  const double output_scale =
      set_final_stage(context.layer.activation, result.output, before, result.requantization);
  const FixedPoint factor = result.requantization.table.empty()
                                ? power_of_two(points_of(result.output) - points.sums)
                                : fixed_point(std::ldexp(1.0, -points.sums) / output_scale);
  const auto channels = static_cast<std::size_t>(shape.size[Dim::G] * shape.size[Dim::M]);
  result.requantization.multiplier.assign(channels, factor.multiplier);
  result.requantization.shift.assign(channels, factor.shift);
}

}  // namespace heddle::workload::compress
