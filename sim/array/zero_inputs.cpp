#include "sim/array/zero_inputs.h"

#include <algorithm>

#include "sim/array/dot_sums.h"

namespace heddle::sim {

using workload::Dim;

namespace {

/// One axis of the window: the input position that output i meets at kernel position j.
struct Axis {
  std::int64_t outputs, taps, stride, dilation, pad, limit;

  std::int64_t at(std::int64_t i, std::int64_t j) const { return i * stride + j * dilation - pad; }
  bool exists(std::int64_t position) const { return position >= 0 && position < limit; }

  /// By input position: how many outputs meet it at kernel position j.
  std::vector<std::int16_t> meetings(std::int64_t j) const {
    std::vector<std::int16_t> count(static_cast<std::size_t>(limit), 0);
    for (std::int64_t i = 0; i < outputs; ++i) {
      if (exists(at(i, j))) ++count[static_cast<std::size_t>(at(i, j))];
    }
    return count;
  }
  /// ... at any kernel position.
  std::vector<std::int16_t> all_meetings() const {
    std::vector<std::int16_t> count(static_cast<std::size_t>(limit), 0);
    for (std::int64_t j = 0; j < taps; ++j) {
      const auto some = meetings(j);
      for (std::size_t x = 0; x < count.size(); ++x) count[x] = static_cast<std::int16_t>(count[x] + some[x]);
    }
    return count;
  }
};

Axis rows_of(const LayerProgram& program) {
  const auto& shape = program.problem.shape;
  return {shape.size[Dim::P], shape.size[Dim::R], shape.stride_h,
          shape.dilation_h,   shape.pad_top,      shape.input_h};
}

Axis columns_of(const LayerProgram& program) {
  const auto& shape = program.problem.shape;
  return {shape.size[Dim::Q], shape.size[Dim::S], shape.stride_w,
          shape.dilation_w,   shape.pad_left,     shape.input_w};
}

/// Calls visit(n, g, c, plane) for every channel of the inputs.
template <class Visit>
void for_each_plane(const LayerProgram& program, const Visit& visit) {
  const auto& e = program.inputs.box.extent;
  const auto& stride = program.inputs.stride;
  for (std::int64_t n = 0; n < e[0]; ++n)
    for (std::int64_t g = 0; g < e[1]; ++g)
      for (std::int64_t c = 0; c < e[2]; ++c)
        visit(g, c, program.inputs.data + n * stride[0] + g * stride[1] + c * stride[2]);
}

/// By input position of a plane: how many outputs meet it.
std::vector<std::int16_t> product(const std::vector<std::int16_t>& rows,
                                  const std::vector<std::int16_t>& columns) {
  std::vector<std::int16_t> result;
  for (const std::int16_t row : rows)
    for (const std::int16_t column : columns) result.push_back(static_cast<std::int16_t>(row * column));
  return result;
}

bool is_one(const std::vector<std::int16_t>& counts) {
  return std::all_of(counts.begin(), counts.end(), [](std::int16_t count) { return count == 1; });
}

std::int64_t dense(const LayerProgram& program) {
  const auto zero = static_cast<std::int16_t>(program.input_zero_point);
  const auto& e = program.inputs.box.extent;
  const auto& stride = program.inputs.stride;
  const auto rows = rows_of(program).all_meetings(), columns = columns_of(program).all_meetings();
  const bool all_once = is_one(rows) && is_one(columns);
  const std::int64_t plane_size = e[3] * e[4];
  // A plane at a time where its weights fit 16 bits and their sum 31.
  const auto& size = program.problem.shape.size;
  const std::int64_t taps = size[Dim::R] * size[Dim::S];
  const bool by_plane = taps <= INT16_MAX && taps * size[Dim::P] * size[Dim::Q] <= INT32_MAX;
  const std::vector<std::int16_t> often = by_plane ? product(rows, columns) : std::vector<std::int16_t>();
  std::int64_t met = 0;
  if (all_once && plane_size == 1 && stride[2] == 1) {  // a matrix product: channels are contiguous
    for (std::int64_t n = 0; n < e[0]; ++n)
      for (std::int64_t g = 0; g < e[1]; ++g)
        met += count_nonzeros(program.inputs.data + n * stride[0] + g * stride[1], zero, e[2]);
  } else {
    for_each_plane(program, [&](std::int64_t, std::int64_t, const std::int16_t* plane) {
      if (all_once) {
        met += count_nonzeros(plane, zero, plane_size);
      } else if (by_plane) {
        met += weight_of_nonzeros(plane, zero, often.data(), plane_size);
      } else {
        for (std::int64_t h = 0; h < e[3]; ++h)
          met += rows[static_cast<std::size_t>(h)] *
                 weight_of_nonzeros(plane + h * stride[3], zero, columns.data(), e[4]);
      }
    });
  }
  return met * program.problem.shape.size[Dim::M];
}

std::int64_t selected(const LayerProgram& program, const PositionUses& uses) {
  const auto zero = static_cast<std::int16_t>(program.input_zero_point);
  const Axis rows = rows_of(program), columns = columns_of(program);
  const std::int64_t taps = rows.taps * columns.taps, channels = program.inputs.box.extent[2];
  const std::int64_t plane_size = rows.limit * columns.limit;
  std::vector<std::vector<std::int16_t>> often;  // by kernel position
  for (std::int64_t r = 0; r < rows.taps; ++r)
    for (std::int64_t s = 0; s < columns.taps; ++s)
      often.push_back(product(rows.meetings(r), columns.meetings(s)));
  std::int64_t total = 0;
  for_each_plane(program, [&](std::int64_t g, std::int64_t c, const std::int16_t* plane) {
    const std::int32_t* use = uses.data() + (g * channels + c) * taps;
    for (std::size_t tap = 0; tap < often.size(); ++tap)
      total += use[tap] * weight_of_nonzeros(plane, zero, often[tap].data(), plane_size);
  });
  return total;
}

}  // namespace

PositionUses position_uses(const LayerProgram& program) {
  const auto& nm = program.problem.sparsity;
  if (!nm) return {};
  const auto& size = program.problem.shape.size;
  const std::int64_t taps = size[Dim::R] * size[Dim::S], channels = size[Dim::C];
  PositionUses uses(static_cast<std::size_t>(size[Dim::G] * channels * taps), 0);
  const std::int64_t kept = program.weights.box.extent[4];
  const std::uint8_t* index = program.weights.indices.data();
  for (std::int64_t g = 0; g < size[Dim::G]; ++g) {
    for (std::int64_t m = 0; m < size[Dim::M]; ++m) {
      for (std::int64_t tap = 0; tap < taps; ++tap, index += kept) {
        for (std::int64_t k = 0; k < kept; ++k) {
          const std::int64_t c = k / nm->n * nm->m + index[k];
          ++uses[static_cast<std::size_t>((g * channels + c) * taps + tap)];
        }
      }
    }
  }
  return uses;
}

std::int64_t layer_multiplies(const LayerProgram& program) {
  const auto& size = program.problem.shape.size;
  return program.weights.box.elements() * size[Dim::N] * size[Dim::P] * size[Dim::Q];
}

std::int64_t nonzero_multiplies(const LayerProgram& program, const PositionUses& uses) {
  return program.problem.sparsity ? selected(program, uses) : dense(program);
}

}  // namespace heddle::sim
