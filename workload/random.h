// Random numbers that are the same on every machine: integer hashes and IEEE basic operations only, no
// library distributions and no libm.
#pragma once

#include <cstdint>
#include <string_view>

namespace heddle::workload {

/// SplitMix64 (Steele, Lea, Flood 2014) as a counter-based generator: draw i of a seed is a function of both.
class RandomStream {
 public:
  explicit constexpr RandomStream(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    return mixed(state_);
  }
  /// Uniform in (0, 1), never exactly 0, 1/2 or 1.
  constexpr double uniform() { return (static_cast<double>(next() >> 12U) + 0.5) * 0x1p-52; }
  /// Uniform in [0, bound).
  constexpr std::uint64_t below(std::uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64U);
  }

  static constexpr std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

 private:
  std::uint64_t state_;
};

/// Quantile of the standard normal distribution, 0 < p < 1: PPND7 of Wichura, algorithm AS 241 (Applied
/// Statistics 37, 1988), accurate to about 1e-7.
double normal_quantile(double p);

/// The seed of one tensor: a hash of the run's seed, the layer's name and the tensor's role in it.
std::uint64_t tensor_seed(std::uint64_t seed, std::string_view layer, std::string_view role);

}  // namespace heddle::workload
