#include "workload/readers/onnx_constants.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <stdexcept>

namespace heddle::workload::onnx_import {
namespace {

using onnx::TensorProto;

constexpr std::int64_t kMostElements = std::int64_t{1} << 40;

float half_to_float(std::uint16_t half) {
  const int exponent = (half >> 10) & 0x1F;
  const int fraction = half & 0x3FF;
  const float sign = (half & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}

float bfloat_to_float(std::uint16_t bits) {
  const std::uint32_t wide = static_cast<std::uint32_t>(bits) << 16;
  float value = 0.0F;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

/// Elements of type Stored from the raw bytes, each passed through `convert`.
template <class Stored, class Element, class Convert>
std::vector<Element> from_raw(const std::string& raw, std::int64_t count, Convert convert) {
  if (raw.size() != static_cast<std::size_t>(count) * sizeof(Stored)) {
    throw std::invalid_argument(fmt::format("holds {} bytes of data, expected {} ({} elements of {} bytes)",
                                            raw.size(), static_cast<std::size_t>(count) * sizeof(Stored),
                                            count, sizeof(Stored)));
  }
  std::vector<Element> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored element;
    std::memcpy(&element, raw.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = convert(element);
  }
  return values;
}

template <class Element, class Field, class Convert>
std::vector<Element> from_field(const Field& field, std::int64_t count, Convert convert) {
  if (field.size() != count) {
    throw std::invalid_argument(
        fmt::format("holds {} elements, its dimensions ask for {}", field.size(), count));
  }
  std::vector<Element> values;
  values.reserve(static_cast<std::size_t>(count));
  for (const auto element : field) values.push_back(convert(element));
  return values;
}

template <class Stored, class Element, class Field, class Convert>
std::vector<Element> elements(const TensorProto& tensor, const Field& field, std::int64_t count,
                              Convert convert) {
  if (tensor.has_raw_data()) return from_raw<Stored, Element>(tensor.raw_data(), count, convert);
  return from_field<Element>(field, count, [&](auto value) { return convert(static_cast<Stored>(value)); });
}

std::int64_t widen(auto value) { return static_cast<std::int64_t>(value); }
float narrow(auto value) { return static_cast<float>(value); }

std::string type_name(int type) {
  return TensorProto::DataType_IsValid(type)
             ? TensorProto::DataType_Name(static_cast<TensorProto::DataType>(type))
             : fmt::format("number {}", type);
}

}  // namespace

std::int64_t checked_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0)
      throw std::invalid_argument(fmt::format("shape {} has a negative extent", to_string(shape)));
    if (extent > kMostElements) {
      throw std::invalid_argument(
          fmt::format("shape {} is too large, expected at most 2^40 elements", to_string(shape)));
    }
    if (extent != 0 && count > kMostElements / extent) {
      throw std::invalid_argument(
          fmt::format("shape {} is too large, expected at most 2^40 elements", to_string(shape)));
    }
    count *= extent;
  }
  return count;
}

std::int64_t Constant::count() const { return checked_count(shape); }

double Constant::number(std::int64_t index) const {
  if (filled) return fill;
  if (integral) return static_cast<double>(integers->at(static_cast<std::size_t>(index)));
  return static_cast<double>(floats->at(static_cast<std::size_t>(index)));
}

std::int64_t Constant::integer(std::int64_t index) const {
  if (!integral) throw std::invalid_argument("expected integers, found floats");
  return filled ? static_cast<std::int64_t>(fill) : integers->at(static_cast<std::size_t>(index));
}

std::vector<std::int64_t> Constant::integer_values() const {
  if (!integral) throw std::invalid_argument("expected integers, found floats");
  if (!filled) return *integers;
  if (count() > kMostFoldedElements) {
    throw std::invalid_argument(
        fmt::format("a filled tensor of shape {} is too large to work with", to_string(shape)));
  }
  return std::vector<std::int64_t>(static_cast<std::size_t>(count()), static_cast<std::int64_t>(fill));
}

std::shared_ptr<const std::vector<float>> Constant::float_values() const {
  if (floats) return floats;
  if (filled && count() > kMostFoldedElements) {
    throw std::invalid_argument(
        fmt::format("a filled tensor of shape {} is too large to work with", to_string(shape)));
  }
  auto values = std::make_shared<std::vector<float>>();
  values->reserve(static_cast<std::size_t>(count()));
  for (std::int64_t i = 0; i < count(); ++i) values->push_back(static_cast<float>(number(i)));
  return values;
}

Constant make_integers(Shape shape, std::vector<std::int64_t> values) {
  Constant constant;
  constant.shape = std::move(shape);
  constant.integral = true;
  constant.integers = std::make_shared<const std::vector<std::int64_t>>(std::move(values));
  return constant;
}

Constant make_floats(Shape shape, std::vector<float> values) {
  Constant constant;
  constant.shape = std::move(shape);
  constant.floats = std::make_shared<const std::vector<float>>(std::move(values));
  return constant;
}

Constant make_filled(Shape shape, bool integral, double value, std::string origin) {
  Constant constant;
  constant.shape = std::move(shape);
  constant.integral = integral;
  constant.filled = true;
  constant.fill = value;
  constant.origin = std::move(origin);
  checked_count(constant.shape);
  return constant;
}

Constant read_tensor(const TensorProto& tensor) {
  if (tensor.data_location() == TensorProto::EXTERNAL || tensor.external_data_size() > 0) {
    throw std::invalid_argument("keeps its data in another file, expected data inside the ONNX file");
  }
  Shape shape(tensor.dims().begin(), tensor.dims().end());
  const std::int64_t count = checked_count(shape);
  Constant result;
  const auto integers = [&](std::vector<std::int64_t> values) {
    return make_integers(shape, std::move(values));
  };
  const auto floats = [&](std::vector<float> values) { return make_floats(shape, std::move(values)); };
  switch (tensor.data_type()) {
    case TensorProto::FLOAT:
      result = floats(elements<float, float>(tensor, tensor.float_data(), count, [](float v) { return v; }));
      break;
    case TensorProto::DOUBLE:
      result = floats(
          elements<double, float>(tensor, tensor.double_data(), count, [](double v) { return narrow(v); }));
      break;
    case TensorProto::FLOAT16:
      result = floats(elements<std::uint16_t, float>(tensor, tensor.int32_data(), count, half_to_float));
      break;
    case TensorProto::BFLOAT16:
      result = floats(elements<std::uint16_t, float>(tensor, tensor.int32_data(), count, bfloat_to_float));
      break;
    case TensorProto::INT64:
      result = integers(elements<std::int64_t, std::int64_t>(tensor, tensor.int64_data(), count,
                                                             [](std::int64_t v) { return v; }));
      break;
    case TensorProto::INT32:
      result = integers(elements<std::int32_t, std::int64_t>(tensor, tensor.int32_data(), count,
                                                             [](std::int32_t v) { return widen(v); }));
      break;
    case TensorProto::INT16:
      result = integers(elements<std::int16_t, std::int64_t>(tensor, tensor.int32_data(), count,
                                                             [](std::int16_t v) { return widen(v); }));
      break;
    case TensorProto::INT8:
      result = integers(elements<std::int8_t, std::int64_t>(tensor, tensor.int32_data(), count,
                                                            [](std::int8_t v) { return widen(v); }));
      break;
    case TensorProto::UINT8:
    case TensorProto::BOOL:
      result = integers(elements<std::uint8_t, std::int64_t>(tensor, tensor.int32_data(), count,
                                                             [](std::uint8_t v) { return widen(v); }));
      break;
    default:
      throw std::invalid_argument(fmt::format(
          "has elements of type {}, expected a float (16, 32, 64 bits), a signed integer, uint8 or bool",
          type_name(tensor.data_type())));
  }
  result.origin = tensor.name();
  return result;
}

Constant reshaped(Constant constant, Shape shape) {
  if (checked_count(shape) != constant.count()) {
    throw std::invalid_argument(fmt::format("a constant of shape {} cannot take the shape {}",
                                            to_string(constant.shape), to_string(shape)));
  }
  constant.shape = std::move(shape);
  return constant;
}

Constant transposed(const Constant& constant, const std::vector<int>& permutation) {
  const std::size_t rank = constant.shape.size();
  Constant result = constant;
  for (std::size_t i = 0; i < rank; ++i) {
    result.shape[i] = constant.shape[static_cast<std::size_t>(permutation[i])];
  }
  if (constant.filled || constant.count() == 0) return result;

  std::vector<std::int64_t> stride(rank, 1);
  for (std::size_t i = rank; i-- > 1;) stride[i - 1] = stride[i] * constant.shape[i];
  std::vector<std::int64_t> index(rank, 0);
  std::int64_t source = 0;
  const auto move = [&](const auto& from) {
    auto to = from;
    for (auto& element : to) {
      element = from[static_cast<std::size_t>(source)];
      for (std::size_t axis = rank; axis-- > 0;) {
        const std::int64_t step = stride[static_cast<std::size_t>(permutation[axis])];
        source += step;
        if (++index[axis] < result.shape[axis]) break;
        source -= step * result.shape[axis];
        index[axis] = 0;
      }
    }
    return to;
  };
  if (constant.integral) {
    result.integers = std::make_shared<const std::vector<std::int64_t>>(move(*constant.integers));
  } else {
    result.floats = std::make_shared<const std::vector<float>>(move(*constant.floats));
  }
  return result;
}

Parameter make_parameter(const Constant& constant) {
  Parameter parameter;
  parameter.shape = constant.shape;
  if (constant.filled) return parameter;
  parameter.values = constant.float_values();
  for (std::size_t i = 0; i < parameter.values->size(); ++i) {
    if (!std::isfinite((*parameter.values)[i])) {
      throw std::invalid_argument(fmt::format("element {} of \"{}\" is {}, expected finite numbers", i,
                                              constant.origin, (*parameter.values)[i]));
    }
  }
  return parameter;
}

}  // namespace heddle::workload::onnx_import
