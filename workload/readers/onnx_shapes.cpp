// Shapes after ONNX's layout operators; declared in onnx_folding.h.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "workload/readers/onnx_folding.h"

namespace heddle::workload::onnx_import {

int normal_axis(std::int64_t axis, std::size_t rank) {
  const auto extent = static_cast<std::int64_t>(rank);
  if (axis < -extent || axis >= extent) {
    throw std::invalid_argument(fmt::format("axis {} of a tensor of {} dimensions, expected {} to {}", axis,
                                            rank, -extent, extent - 1));
  }
  return static_cast<int>(axis < 0 ? axis + extent : axis);
}

std::vector<std::int64_t> axes_of(const Node& node, const Constant* given) {
  if (given != nullptr) return given->integer_values();
  return node.integers("axes").value_or(std::vector<std::int64_t>{});
}

Shape squeezed(const Shape& shape, const std::vector<std::int64_t>& axes) {
  std::set<int> dropped;
  for (const std::int64_t axis : axes) dropped.insert(normal_axis(axis, shape.size()));
  Shape result;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool drop = axes.empty() ? shape[i] == 1 : dropped.contains(static_cast<int>(i));
    if (!drop) {
      result.push_back(shape[i]);
    } else if (shape[i] != 1) {
      throw std::invalid_argument(fmt::format("axis {} of {} has {} elements, expected 1 to squeeze it", i,
                                              to_string(shape), shape[i]));
    }
  }
  return result;
}

Shape unsqueezed(const Shape& shape, const std::vector<std::int64_t>& axes) {
  if (axes.size() > 16)
    throw std::invalid_argument(fmt::format("adds {} axes, expected at most 16", axes.size()));
  std::set<int> added;
  for (const std::int64_t axis : axes) {
    if (!added.insert(normal_axis(axis, shape.size() + axes.size())).second) {
      throw std::invalid_argument(fmt::format("axis {} is added twice", axis));
    }
  }
  Shape result;
  std::size_t next = 0;
  for (std::size_t i = 0; i < shape.size() + axes.size(); ++i) {
    result.push_back(added.contains(static_cast<int>(i)) ? 1 : shape[next++]);
  }
  return result;
}

Shape reshape_target(const Shape& from, const std::vector<std::int64_t>& wanted, bool allow_zero) {
  const std::int64_t count = checked_count(from);
  Shape result = wanted;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (result[i] == 0 && !allow_zero) {
      if (i >= from.size()) {
        throw std::invalid_argument(
            fmt::format("keeps extent {} of {}, which has only {}", i, to_string(from), from.size()));
      }
      result[i] = from[i];
    } else if (result[i] == -1) {
      if (open) throw std::invalid_argument("more than one -1 in a shape, expected at most one");
      open = i;
      result[i] = 1;
    }
  }
  const std::int64_t rest = checked_count(result);
  if (open) {
    if (rest == 0 || count % rest != 0) {
      throw std::invalid_argument(
          fmt::format("the {} elements of {} do not divide by {}, the product of the other extents", count,
                      to_string(from), rest));
    }
    result[*open] = count / rest;
  } else if (rest != count) {
    throw std::invalid_argument(fmt::format("{} cannot become {}: {} elements, expected {}", to_string(from),
                                            to_string(result), rest, count));
  }
  return result;
}

Shape flattened(const Shape& shape, std::int64_t axis) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  if (axis < -rank || axis > rank) {
    throw std::invalid_argument(
        fmt::format("axis {} of {}, expected {} to {}", axis, to_string(shape), -rank, rank));
  }
  if (axis < 0) axis += rank;
  const auto split = shape.begin() + axis;
  return {checked_count(Shape(shape.begin(), split)), checked_count(Shape(split, shape.end()))};
}

Shape broadcast(const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 1; i <= result.size(); ++i) {
    const std::int64_t x = i <= a.size() ? a[a.size() - i] : 1;
    const std::int64_t y = i <= b.size() ? b[b.size() - i] : 1;
    if (x != y && x != 1 && y != 1) {
      throw std::invalid_argument(
          fmt::format("{} and {} cannot be broadcast to each other", to_string(a), to_string(b)));
    }
    result[result.size() - i] = x == 1 ? y : x;
  }
  return result;
}

std::int64_t SliceRange::count() const {
  const std::int64_t span = step > 0 ? end - begin : begin - end;
  const std::int64_t stride = step > 0 ? step : -step;
  return span <= 0 ? 0 : (span - 1) / stride + 1;
}

std::vector<SliceRange> slice_ranges(const Node& node, const Shape& shape,
                                     const std::vector<const Constant*>& inputs) {
  const auto list = [&](std::size_t input,
                        const char* attribute) -> std::optional<std::vector<std::int64_t>> {
    if (input < inputs.size() && inputs[input] != nullptr) return inputs[input]->integer_values();
    return node.integers(attribute);
  };
  const auto starts = list(1, "starts");
  const auto ends = list(2, "ends");
  if (!starts || !ends || starts->size() != ends->size()) {
    throw std::invalid_argument("expected as many ends as starts");
  }
  auto axes = list(3, "axes");
  if (!axes) {
    axes.emplace();
    for (std::size_t i = 0; i < starts->size(); ++i) axes->push_back(static_cast<std::int64_t>(i));
  }
  const auto steps = list(4, "steps").value_or(std::vector<std::int64_t>(starts->size(), 1));
  if (axes->size() != starts->size() || steps.size() != starts->size()) {
    throw std::invalid_argument("expected as many axes and steps as starts");
  }
  std::vector<SliceRange> ranges;
  for (std::size_t i = 0; i < starts->size(); ++i) {
    const int axis = normal_axis((*axes)[i], shape.size());
    const std::int64_t extent = shape[static_cast<std::size_t>(axis)];
    const std::int64_t step = steps[i];
    if (step == 0) throw std::invalid_argument("a step of 0, expected any other");
    const auto clamp = [&](std::int64_t at) {
      if (at < 0) at = at < -extent ? -1 : at + extent;
      // A negative position below the first element: element 0 going up, one before it going down.
      return step > 0 ? std::clamp<std::int64_t>(at, 0, extent)
                      : std::clamp<std::int64_t>(at, -1, extent - 1);
    };
    const std::int64_t bounded = std::clamp<std::int64_t>(step, -extent - 1, extent + 1);
    ranges.push_back({axis, clamp((*starts)[i]), clamp((*ends)[i]), bounded});
  }
  return ranges;
}

}  // namespace heddle::workload::onnx_import
