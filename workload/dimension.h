// The loop dimensions of a multiply-accumulate layer, as the field names them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace heddle::workload {

/// N batch, G groups (or heads), M output channels per group, C input channels per group (the reduction),
/// P Q output rows and columns, R S kernel rows and columns.
enum class Dim : std::uint8_t { N, G, M, C, P, Q, R, S };
inline constexpr int kDimCount = 8;
inline constexpr std::array<Dim, kDimCount> kDims = {Dim::N, Dim::G, Dim::M, Dim::C,
                                                     Dim::P, Dim::Q, Dim::R, Dim::S};

/// One T for each dimension.
template <class T>
class PerDim {
 public:
  constexpr PerDim() = default;
  constexpr explicit PerDim(T all) { values_.fill(all); }
  constexpr T& operator[](Dim d) { return values_[static_cast<std::size_t>(d)]; }
  constexpr const T& operator[](Dim d) const { return values_[static_cast<std::size_t>(d)]; }
  friend constexpr bool operator==(const PerDim&, const PerDim&) = default;

 private:
  std::array<T, kDimCount> values_{};
};

/// The three tensors of a multiply-accumulate layer.
enum class Operand : std::uint8_t { weights, inputs, outputs };
inline constexpr std::array<Operand, 3> kOperands = {Operand::weights, Operand::inputs, Operand::outputs};

template <class T>
class PerOperand {
 public:
  constexpr T& operator[](Operand o) { return values_[static_cast<std::size_t>(o)]; }
  constexpr const T& operator[](Operand o) const { return values_[static_cast<std::size_t>(o)]; }
  friend constexpr bool operator==(const PerOperand&, const PerOperand&) = default;

 private:
  std::array<T, 3> values_{};
};

constexpr char letter(Dim d) { return "NGMCPQRS"[static_cast<std::size_t>(d)]; }
constexpr std::string_view name(Operand o) {
  return std::array<std::string_view, 3>{"weights", "inputs", "outputs"}[static_cast<std::size_t>(o)];
}
constexpr std::optional<Dim> dim_of(std::string_view text) {
  for (Dim d : kDims) {
    if (text.size() == 1 && text[0] == letter(d)) return d;
  }
  return std::nullopt;
}

/// Whether the elements of the operand differ along the dimension (inputs: P and R meet in the input row, Q
/// and S in the input column).
constexpr bool depends_on(Operand o, Dim d) {
  switch (o) {
    case Operand::weights:
      return d == Dim::G || d == Dim::M || d == Dim::C || d == Dim::R || d == Dim::S;
    case Operand::inputs:
      return d != Dim::M;
    case Operand::outputs:
      return d == Dim::N || d == Dim::G || d == Dim::M || d == Dim::P || d == Dim::Q;
  }
  return false;
}
constexpr bool is_reduction(Dim d) { return d == Dim::C || d == Dim::R || d == Dim::S; }

}  // namespace heddle::workload
