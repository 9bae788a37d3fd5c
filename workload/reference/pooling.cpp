// Max and average pooling. A unit is one row of output columns (global: one plane).
#include "workload/reference/vector_kernel.h"

namespace heddle::workload {
namespace {

__extension__ using Wide = __int128;

/// Mean of `count` elements whose sum is `sum`, rescaled: (sum * multiplier) / (count * 2^shift), rounded
/// half up.
std::int64_t rounded_mean(std::int64_t sum, std::int64_t count, std::int64_t multiplier, int shift) {
  const Wide divisor = static_cast<Wide>(count) << (shift + 1);
  const Wide doubled = 2 * static_cast<Wide>(sum) * multiplier + (static_cast<Wide>(count) << shift);
  const Wide quotient = doubled / divisor;  // towards zero; the floor is one less for a negative remainder
  return static_cast<std::int64_t>(doubled % divisor < 0 ? quotient - 1 : quotient);
}

class Pooling : public VectorKernel {
 public:
  Pooling(const Pool& pool, const Shape& in, const Shape& out, const QuantizedLayer& q)
      : VectorKernel(out[0] * out[1] * out[2], out[3]),
        pool_(pool),
        rows_(in[2]),
        columns_(in[3]),
        out_rows_(out[2]),
        q_(q) {}

  std::vector<ElementRange> input_range(std::size_t, std::int64_t begin, std::int64_t end) const override {
    std::vector<ElementRange> result;
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t plane = unit / out_rows_ * rows_;
      for (std::int64_t r = 0; r < pool_.window.kernel[0]; ++r) {
        const std::int64_t h = row(unit % out_rows_, r);
        if (h >= 0 && h < rows_) result.emplace_back((plane + h) * columns_, (plane + h + 1) * columns_);
      }
    }
    return merged(std::move(result));
  }

  void run(std::int64_t begin, std::int64_t end, const InputCodes& in, std::int16_t* out) const override {
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int16_t* plane = in[0] + unit / out_rows_ * rows_ * columns_;
      for (std::int64_t q = 0; q < unit_elements(); ++q) {
        out[unit * unit_elements() + q] = pool_.kind == Pool::Kind::max ? greatest(plane, unit % out_rows_, q)
                                                                        : average(plane, unit % out_rows_, q);
      }
    }
  }

 private:
  std::int64_t row(std::int64_t p, std::int64_t r) const {
    return p * pool_.window.stride[0] - pool_.window.padding[0] + r * pool_.window.dilation[0];
  }
  std::int64_t column(std::int64_t q, std::int64_t s) const {
    return q * pool_.window.stride[1] - pool_.window.padding[1] + s * pool_.window.dilation[1];
  }

  std::int16_t greatest(const std::int16_t* plane, std::int64_t p, std::int64_t q) const {
    std::int16_t best = INT16_MIN;
    for (std::int64_t r = 0; r < pool_.window.kernel[0]; ++r) {
      const std::int64_t h = row(p, r);
      if (h < 0 || h >= rows_) continue;
      for (std::int64_t s = 0; s < pool_.window.kernel[1]; ++s) {
        const std::int64_t w = column(q, s);
        if (w >= 0 && w < columns_) best = std::max(best, plane[h * columns_ + w]);
      }
    }
    return best;
  }

  std::int16_t average(const std::int16_t* plane, std::int64_t p, std::int64_t q) const {
    std::int64_t sum = 0, inside = 0, padded = 0;
    for (std::int64_t r = 0; r < pool_.window.kernel[0]; ++r) {
      const std::int64_t h = row(p, r);
      if (h >= rows_ + pool_.window.padding[2]) continue;
      for (std::int64_t s = 0; s < pool_.window.kernel[1]; ++s) {
        const std::int64_t w = column(q, s);
        if (w >= columns_ + pool_.window.padding[3]) continue;
        ++padded;
        if (h < 0 || h >= rows_ || w < 0 || w >= columns_) continue;
        ++inside;
        sum += plane[h * columns_ + w] - q_.inputs[0].zero_point;
      }
    }
    const std::int64_t count = pool_.count_padding ? padded : inside;
    return Finish(q_).code(rounded_mean(sum, count, q_.multipliers[0], q_.shift));
  }

  Pool pool_;
  std::int64_t rows_, columns_, out_rows_;
  const QuantizedLayer& q_;
};

class GlobalAverage : public VectorKernel {
 public:
  GlobalAverage(const Shape& in, const QuantizedLayer& q)
      : VectorKernel(in[0] * in[1], 1), plane_(in[2] * in[3]), q_(q) {}

  std::vector<ElementRange> input_range(std::size_t, std::int64_t begin, std::int64_t end) const override {
    return {{begin * plane_, end * plane_}};
  }

  void run(std::int64_t begin, std::int64_t end, const InputCodes& in, std::int16_t* out) const override {
    for (std::int64_t unit = begin; unit < end; ++unit) {
      std::int64_t sum = 0;
      for (std::int64_t i = unit * plane_; i < (unit + 1) * plane_; ++i)
        sum += in[0][i] - q_.inputs[0].zero_point;
      out[unit] = Finish(q_).code(rounded_mean(sum, plane_, q_.multipliers[0], q_.shift));
    }
  }

 private:
  std::int64_t plane_;
  const QuantizedLayer& q_;
};

}  // namespace

std::shared_ptr<VectorKernel> make_pooling(const Network& network, const Layer& layer,
                                           const QuantizedLayer& q) {
  const auto* pool = std::get_if<Pool>(&layer.operation);
  const bool global = std::holds_alternative<GlobalAveragePool>(layer.operation);
  if (pool == nullptr && !global) return nullptr;
  const Shape& in = network.shape(layer.inputs[0]);
  if (global) return std::make_shared<GlobalAverage>(in, q);
  return std::make_shared<Pooling>(*pool, in, network.shape(layer.output), q);
}

}  // namespace heddle::workload
