// Integer constants of the vector operations; workload/reference/vector_ops.h says how each is used.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "workload/compress/fixed_point.h"
#include "workload/compress/quantize_parts.h"
#include "workload/reference/float_kernels.h"

namespace heddle::workload::compress {
namespace {

/// Offsets of whole codes are at most 2^16 in magnitude: with shifts up to these they stay within the 2^60 of
/// rounded().
constexpr int kMostOffsetShift = 44;
constexpr int kMostNormShift = kMostOffsetShift - 16;

void set_multipliers(const std::vector<double>& factors, int most_shift, QuantizedLayer& result) {
  double greatest = 0;
  for (const double factor : factors) greatest = std::max(greatest, std::abs(factor));
  result.shift = common_shift(greatest, most_shift);
  for (const double factor : factors) result.multipliers.push_back(multiplier_at(factor, result.shift));
}

class Constants {
 public:
  Constants(const Context& context, QuantizedLayer& result) : context_(context), result_(result) {}

  void operator()(const Add&) { set_multipliers({in(0) / target(), in(1) / target()}, 62, result_); }
  void operator()(const Multiply&) { set_multipliers({in(0) * in(1) / target()}, 62, result_); }
  void operator()(const Concat&) {
    std::vector<double> factors;
    for (std::size_t i = 0; i < result_.inputs.size(); ++i) factors.push_back(in(i) / target());
    set_multipliers(factors, 62, result_);
  }

  void operator()(const Activate&) {
    if (result_.inputs[0].bits > 8) return set_multipliers({in(0) / target()}, 62, result_);
    // Codes of 8 bits and less index the table as they are.
    const double before =
        set_final_stage(context_.layer.activation, result_.output, result_.inputs[0], result_.requantization);
    set_multipliers({in(0) / before}, 62, result_);
  }

  void operator()(const Pool& pool) {
    const double scale = target();
    if (pool.kind == Pool::Kind::average) set_multipliers({in(0) / scale}, 62, result_);
  }
  void operator()(const GlobalAveragePool&) { set_multipliers({in(0) / target()}, 62, result_); }

  void operator()(const Softmax& softmax) {
    const std::int64_t length =
        context_.network.shape(context_.layer.inputs[0])[static_cast<std::size_t>(softmax.axis)];
    if (length > 1 << 17)
      context_.fail(fmt::format("softmax over {} elements, expected at most 131072", length));
    set_multipliers({1.0 / target()}, 30, result_);
    const bool wide = result_.inputs[0].bits > 8;
    if (wide) add_powers(256 * in(0));
    add_powers(in(0));
  }

  void operator()(const LayerNorm& norm) {
    const std::int64_t n = context_.network.shape(context_.layer.inputs[0]).back();
    const Quantization& input = result_.inputs[0];
    const std::int64_t greatest = std::max<std::int64_t>(
        input.highest() - input.zero_point, static_cast<std::int64_t>(input.zero_point) - input.lowest());
    if (n * greatest > std::int64_t{1} << 31) {
      context_.fail(fmt::format("the squares of {} codes of {} bits do not fit in 64 bits", n, input.bits));
    }
    const double scale = target();
    set_multipliers(divided(parameter(Role::weights), scale), kMostNormShift, result_);
    if (context_.layer.bias) set_offsets(divided(parameter(Role::bias), scale), result_.shift + 16);
    const double count = static_cast<double>(n);
    result_.epsilon = rounded(count * count * norm.epsilon / (in(0) * in(0)));
  }

  void operator()(const BatchNorm&) {
    const double scale = target();
    std::vector<double> factors = divided(parameter(Role::weights), scale);
    for (double& factor : factors) factor *= in(0);
    set_multipliers(factors, kMostOffsetShift, result_);
    set_offsets(divided(parameter(Role::bias), scale), result_.shift);
  }

  void operator()(const LocalResponseNorm& norm) {
    if (!(norm.alpha > 0) || !(norm.bias > 0) || !(norm.beta >= 0) || norm.beta > 2) {
      context_.fail(
          fmt::format("alpha {}, bias {}, beta {}, expected alpha and bias above 0, beta from 0 to 2",
                      norm.alpha, norm.bias, norm.beta));
    }
    if (norm.size > 1 << 12) context_.fail(fmt::format("a size of {}, expected at most 4096", norm.size));
    // (bias + alpha / size * in^2 * S)^-beta = bias^-beta * (u / epsilon)^-beta with u = S * 2^16 + epsilon.
    const double epsilon = std::clamp(
        0x1p16 * norm.bias * static_cast<double>(norm.size) / (norm.alpha * in(0) * in(0)), 1.0, 0x1p60);
    result_.epsilon = rounded(epsilon);
    const int least = std::ilogb(epsilon);
    std::vector<double> factors;
    for (int exponent = 0; exponent < 63; ++exponent) {
      const double u = std::ldexp(1.0, std::max(exponent, least));  // u is never below epsilon
      factors.push_back(std::pow(norm.bias, -norm.beta) * std::pow(u / epsilon, -norm.beta) * in(0) /
                        target_of_code());
    }
    target();
    set_multipliers(factors, 48, result_);
    for (int i = 0; i <= 256; ++i) {
      result_.table.push_back(
          static_cast<std::int16_t>(rounded(0x1p14 * std::pow(1.0 + i / 256.0, -norm.beta))));
    }
  }

  void operator()(const Embedding& embedding) {
    if (embedding.rows > 65536) {
      context_.fail(fmt::format("an embedding of {} rows, expected at most 65536 (indices have 16 bits)",
                                embedding.rows));
    }
    target();
    result_.weights = quantize(context_.parameters(context_.index, Role::weights), result_.output);
  }

  void operator()(const Rotary&) {
    const Shape& shape = context_.network.shape(context_.layer.inputs[0]);
    const std::int64_t d = shape.back();
    const double ratio = in(0) / target();
    result_.shift = common_shift(ratio);
    for (std::int64_t position = 0; position < shape[shape.size() - 2]; ++position) {
      for (const bool sine : {false, true}) {
        for (std::int64_t i = 0; i < d / 2; ++i) {
          const double angle = static_cast<double>(position) * float_kernels::rotary_frequency(i, d);
          result_.multipliers.push_back(
              multiplier_at(ratio * (sine ? std::sin(angle) : std::cos(angle)), result_.shift));
        }
      }
    }
  }

  // Codes stay as they are.
  void operator()(const Reshape&) { target(); }
  void operator()(const Transpose&) { target(); }
  void operator()(const Slice&) { target(); }

  // These have accumulators (quantize.cpp).
  void operator()(const Convolution&) { std::abort(); }
  void operator()(const Linear&) { std::abort(); }
  void operator()(const MatMul&) { std::abort(); }

 private:
  double in(std::size_t input) const { return result_.inputs[input].scale[0]; }
  double target_of_code() const { return result_.output.scale[0]; }

  /// Sets the final stage, once, and returns the scale in front of it.
  double target() {
    if (target_ == 0) {
      const Quantization before = activation_quantization(
          context_.calibration.pre_activations[static_cast<std::size_t>(context_.index)], 8);
      target_ = set_final_stage(context_.layer.activation, result_.output, before, result_.requantization);
    }
    return target_;
  }

  std::vector<float> parameter(Role role) const {
    FloatTensor tensor = context_.parameters(context_.index, role);
    for (const float value : tensor.values) {
      if (!std::isfinite(value))
        context_.fail(fmt::format("a parameter is {}, expected finite numbers", value));
    }
    return std::move(tensor.values);
  }

  static std::vector<double> divided(const std::vector<float>& values, double scale) {
    std::vector<double> result(values.size());
    std::transform(values.begin(), values.end(), result.begin(), [&](float value) { return value / scale; });
    return result;
  }

  void set_offsets(const std::vector<double>& codes, int shift) {
    for (const double code : codes) result_.offsets.push_back(rounded(std::ldexp(code, shift)));
  }

  /// exp(-scale * i) at scale 2^15.
  void add_powers(double scale) {
    for (int i = 0; i < 256; ++i) {
      const std::int64_t power = rounded(0x1p15 * std::exp(-scale * i));
      result_.table.push_back(static_cast<std::int16_t>(std::min<std::int64_t>(power, INT16_MAX)));
    }
  }

  const Context& context_;
  QuantizedLayer& result_;
  double target_ = 0;
};

}  // namespace

void quantize_vector_operation(const Context& context, QuantizedLayer& result) {
  std::visit(Constants(context, result), context.layer.operation);
}

}  // namespace heddle::workload::compress
