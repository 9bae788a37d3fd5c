// One node of an ONNX graph with typed access to its attributes. What is wrong is thrown as
// std::invalid_argument; the importer adds file and node.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heddle::workload::onnx_import {

class Node {
 public:
  Node(const onnx::NodeProto& proto, int index) : proto_(proto), index_(index) {}

  const std::string& op() const { return proto_.op_type(); }
  int index() const { return index_; }
  int input_count() const { return proto_.input_size(); }
  /// Name of input `i`; empty when it is absent.
  std::string input(int i) const { return i < proto_.input_size() ? proto_.input(i) : ""; }
  bool has_input(int i) const { return !input(i).empty(); }
  /// Name of an input that must be there.
  const std::string& required_input(int i) const;
  int output_count() const { return proto_.output_size(); }
  const std::string& output(int i = 0) const { return proto_.output(i); }
  const onnx::NodeProto& proto() const { return proto_; }

  bool has(const std::string& attribute) const { return find(attribute) != nullptr; }
  std::int64_t integer(const std::string& attribute, std::int64_t fallback) const;
  /// An integer that must lie in [least, most].
  std::int64_t integer(const std::string& attribute, std::int64_t fallback, std::int64_t least,
                       std::int64_t most) const;
  double number(const std::string& attribute, double fallback) const;  ///< finite
  std::string text(const std::string& attribute, const std::string& fallback) const;
  std::optional<std::vector<std::int64_t>> integers(const std::string& attribute) const;
  const onnx::TensorProto* tensor(const std::string& attribute) const;
  const onnx::AttributeProto* find(const std::string& attribute) const;

 private:
  const onnx::AttributeProto* find(const std::string& attribute,
                                   onnx::AttributeProto::AttributeType type) const;

  const onnx::NodeProto& proto_;
  int index_;
};

}  // namespace heddle::workload::onnx_import
