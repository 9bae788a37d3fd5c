// Weight sharing: one-dimensional k-means over a layer's weights (Han et al., "Deep Compression", ICLR 2016,
// section 3).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace heddle::workload {

/// Where the shared values start (Deep Compression, section 3.2).
enum class Initialization : std::uint8_t {
  linear,   ///< at equal distances from the least to the greatest weight
  density,  ///< at equal shares of the cumulative distribution
  random,   ///< at weights drawn from the seed
};
std::string_view name(Initialization initialization);

struct Clustering {
  int bits = 4;  ///< 2 to 8: zero and 2^bits - 1 shared values
  Initialization initialization = Initialization::linear;
  std::uint64_t seed = 1;  ///< of `random`
  friend bool operator==(const Clustering&, const Clustering&) = default;
};

struct SharedValues {
  std::vector<float> values;  ///< ascending, distinct, none of them zero; at most 2^bits - 1
  bool exact = false;         ///< the weights have no other values than these
  int iterations = 0;

  /// Index of the value nearest to the weight, from 0 (halfway: the lower one). There must be values.
  std::size_t nearest(float weight) const;
};

/// Lloyd's algorithm over the weights that are not zero, until no weight changes its cluster or for 1000
/// iterations. If there are no more distinct ones than clusters, they are the result. A cluster without
/// weights moves to the weight that is furthest from the value it shares, the least of equal ones, which
/// makes the sum of squares smaller; a mean of exactly zero moves to the weight of its cluster that is
/// nearest to zero. The weights are sorted once; an iteration then takes clusters * log(weights). Throws
/// std::invalid_argument for bits beyond 2 to 8 or weights that are not finite.
SharedValues share_values(const std::vector<float>& weights, const Clustering& clustering);

}  // namespace heddle::workload
