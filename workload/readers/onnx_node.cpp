#include "workload/readers/onnx_node.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace heddle::workload::onnx_import {

using onnx::AttributeProto;

const std::string& Node::required_input(int i) const {
  if (!has_input(i)) {
    throw std::invalid_argument(fmt::format("has no input {}, expected at least {} inputs", i + 1, i + 1));
  }
  return proto_.input(i);
}

const AttributeProto* Node::find(const std::string& attribute) const {
  for (const AttributeProto& candidate : proto_.attribute()) {
    if (candidate.name() == attribute) return &candidate;
  }
  return nullptr;
}

const AttributeProto* Node::find(const std::string& attribute, AttributeProto::AttributeType type) const {
  const AttributeProto* found = find(attribute);
  if (found == nullptr) return nullptr;
  if (!found->ref_attr_name().empty()) {
    throw std::invalid_argument(
        fmt::format("attribute {} refers to a function's attribute, expected a value", attribute));
  }
  if (found->type() != type) {
    throw std::invalid_argument(fmt::format("attribute {} is of type {}, expected {}", attribute,
                                            AttributeProto::AttributeType_Name(found->type()),
                                            AttributeProto::AttributeType_Name(type)));
  }
  return found;
}

std::int64_t Node::integer(const std::string& attribute, std::int64_t fallback) const {
  const AttributeProto* found = find(attribute, AttributeProto::INT);
  return found == nullptr ? fallback : found->i();
}

std::int64_t Node::integer(const std::string& attribute, std::int64_t fallback, std::int64_t least,
                           std::int64_t most) const {
  const std::int64_t value = integer(attribute, fallback);
  if (value < least || value > most) {
    throw std::invalid_argument(
        fmt::format("attribute {} is {}, expected {} to {}", attribute, value, least, most));
  }
  return value;
}

double Node::number(const std::string& attribute, double fallback) const {
  const AttributeProto* found = find(attribute, AttributeProto::FLOAT);
  if (found == nullptr) return fallback;
  if (!std::isfinite(found->f())) {
    throw std::invalid_argument(
        fmt::format("attribute {} is {}, expected a finite number", attribute, found->f()));
  }
  return static_cast<double>(found->f());
}

std::string Node::text(const std::string& attribute, const std::string& fallback) const {
  const AttributeProto* found = find(attribute, AttributeProto::STRING);
  return found == nullptr ? fallback : found->s();
}

std::optional<std::vector<std::int64_t>> Node::integers(const std::string& attribute) const {
  const AttributeProto* found = find(attribute, AttributeProto::INTS);
  if (found == nullptr) return std::nullopt;
  return std::vector<std::int64_t>(found->ints().begin(), found->ints().end());
}

const onnx::TensorProto* Node::tensor(const std::string& attribute) const {
  const AttributeProto* found = find(attribute, AttributeProto::TENSOR);
  return found == nullptr ? nullptr : &found->t();
}

}  // namespace heddle::workload::onnx_import
