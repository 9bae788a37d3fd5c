// Small ONNX files made on the spot, and stored tensors, for the tests of the ONNX reader.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/scratch_folder.h"
#include "workload/network.h"

namespace heddle {

using workload::FloatTensor;
using workload::Shape;

onnx::AttributeProto attribute(const std::string& name, std::int64_t value);
onnx::AttributeProto attribute(const std::string& name, float value);
onnx::AttributeProto attribute(const std::string& name, const std::string& value);
onnx::AttributeProto attribute(const std::string& name, const std::vector<std::int64_t>& values);

/// A model that grows by one call for each input, initializer, node and output.
class TestModel {
 public:
  explicit TestModel(int opset = 13);

  /// An extent of -1 is dynamic ("batch").
  TestModel& input(const std::string& name, const Shape& shape, int type = onnx::TensorProto::FLOAT);
  TestModel& weights(const std::string& name, const Shape& shape, const std::vector<float>& values);
  TestModel& integers(const std::string& name, const Shape& shape, const std::vector<std::int64_t>& values);
  /// The node's name is its output's name after "n_".
  TestModel& node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output,
                  const std::vector<onnx::AttributeProto>& attributes = {});
  TestModel& output(const std::string& name);

  onnx::ModelProto& proto() { return model_; }
  std::string bytes() const { return model_.SerializeAsString(); }
  /// What the reader makes of it.
  workload::Network read(std::optional<std::int64_t> batch = std::nullopt) const;
  /// What the network computes for the values of its inputs, in their order; its first output.
  FloatTensor run(const std::vector<FloatTensor>& inputs) const;

 private:
  onnx::ModelProto model_;
};

/// What a network computes in floats; its outputs in their order.
std::vector<FloatTensor> run_network(const workload::Network& network,
                                     const std::vector<FloatTensor>& inputs);

/// Numbers without a pattern, in [-1, 1].
FloatTensor test_values(const Shape& shape, unsigned seed);

/// The only tolerance of these tests: the largest difference between two tensors may be this share of the
/// largest expected magnitude, since oneDNN adds in another order than the program that stored the expected
/// values.
inline constexpr double kRelativeTolerance = 1e-4;
/// "" if equal within the tolerance; otherwise the first difference.
std::string difference(const FloatTensor& got, const FloatTensor& expected);

/// A stored TensorProto of numbers; nothing if it is of another kind.
std::optional<onnx::TensorProto> load_tensor_proto(const std::filesystem::path& path);
FloatTensor float_tensor(const onnx::TensorProto& tensor);

}  // namespace heddle
