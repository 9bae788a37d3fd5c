// A convolution of bytes in exact 32-bit integers by oneDNN, on one thread: the sums of the fast dot unit.
// (The untimed reference works out its integers without it, so that the two stay independent.)
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "workload/mac_shape.h"

namespace heddle::sim {

class OnednnConvolution {
 public:
  /// Are oneDNN's sums of u8 x s8 products exact on this processor? Without VNNI instructions they saturate
  /// at 16 bits on the way.
  static bool is_exact();

  /// `weights` in (g, m, r, s, c) order, each in [-128, 127]. Of the shape's padding nothing is used: inputs
  /// come padded. Null for a shape that oneDNN does not do.
  static std::unique_ptr<OnednnConvolution> make(const workload::MacShape& shape,
                                                 const std::vector<std::int16_t>& weights);
  ~OnednnConvolution();
  OnednnConvolution(const OnednnConvolution&) = delete;
  OnednnConvolution& operator=(const OnednnConvolution&) = delete;

  /// Sums modulo 2^32 in (n, p, q, g*M + m) order; `inputs` as inputs_channels_last() gives them.
  void run(std::uint8_t* inputs, std::int32_t* sums) const;

 private:
  OnednnConvolution(const workload::MacShape& shape, const std::vector<std::int16_t>& weights);

  struct Primitive;
  std::unique_ptr<Primitive> primitive_;
};

}  // namespace heddle::sim
