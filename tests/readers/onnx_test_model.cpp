#include "tests/readers/onnx_test_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "workload/readers/onnx_constants.h"
#include "workload/readers/onnx_network.h"
#include "workload/reference/float_executor.h"

namespace heddle {

onnx::AttributeProto attribute(const std::string& name, std::int64_t value) {
  onnx::AttributeProto result;
  result.set_name(name);
  result.set_type(onnx::AttributeProto::INT);
  result.set_i(value);
  return result;
}
onnx::AttributeProto attribute(const std::string& name, float value) {
  onnx::AttributeProto result;
  result.set_name(name);
  result.set_type(onnx::AttributeProto::FLOAT);
  result.set_f(value);
  return result;
}
onnx::AttributeProto attribute(const std::string& name, const std::string& value) {
  onnx::AttributeProto result;
  result.set_name(name);
  result.set_type(onnx::AttributeProto::STRING);
  result.set_s(value);
  return result;
}
onnx::AttributeProto attribute(const std::string& name, const std::vector<std::int64_t>& values) {
  onnx::AttributeProto result;
  result.set_name(name);
  result.set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) result.add_ints(value);
  return result;
}

TestModel::TestModel(int opset) {
  model_.set_ir_version(7);
  model_.add_opset_import()->set_version(opset);
  model_.mutable_graph()->set_name("test");
}

TestModel& TestModel::input(const std::string& name, const Shape& shape, int type) {
  onnx::ValueInfoProto* info = model_.mutable_graph()->add_input();
  info->set_name(name);
  info->mutable_type()->mutable_tensor_type()->set_elem_type(type);
  auto* dims = info->mutable_type()->mutable_tensor_type()->mutable_shape();
  for (const std::int64_t extent : shape) {
    if (extent == -1) {
      dims->add_dim()->set_dim_param("batch");
    } else {
      dims->add_dim()->set_dim_value(extent);
    }
  }
  return *this;
}

TestModel& TestModel::weights(const std::string& name, const Shape& shape, const std::vector<float>& values) {
  onnx::TensorProto* tensor = model_.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t extent : shape) tensor->add_dims(extent);
  tensor->set_raw_data(values.data(), values.size() * sizeof(float));
  return *this;
}

TestModel& TestModel::integers(const std::string& name, const Shape& shape,
                               const std::vector<std::int64_t>& values) {
  onnx::TensorProto* tensor = model_.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::INT64);
  for (const std::int64_t extent : shape) tensor->add_dims(extent);
  for (const std::int64_t value : values) tensor->add_int64_data(value);
  return *this;
}

TestModel& TestModel::node(const std::string& op, const std::vector<std::string>& inputs,
                           const std::string& output, const std::vector<onnx::AttributeProto>& attributes) {
  onnx::NodeProto* node = model_.mutable_graph()->add_node();
  node->set_op_type(op);
  node->set_name("n_" + output);
  for (const std::string& input : inputs) node->add_input(input);
  node->add_output(output);
  for (const auto& one : attributes) *node->add_attribute() = one;
  return *this;
}

TestModel& TestModel::output(const std::string& name) {
  model_.mutable_graph()->add_output()->set_name(name);
  return *this;
}

workload::Network TestModel::read(std::optional<std::int64_t> batch) const {
  const tests::ScratchFolder folder;
  return workload::read_onnx_network(folder.write("test.onnx", bytes()), batch);
}

FloatTensor TestModel::run(const std::vector<FloatTensor>& inputs) const {
  return run_network(read(), inputs).at(0);
}

std::vector<FloatTensor> run_network(const workload::Network& network,
                                     const std::vector<FloatTensor>& inputs) {
  std::map<workload::TensorId, FloatTensor> given;
  for (std::size_t i = 0; i < network.inputs().size(); ++i) given[network.inputs()[i]] = inputs.at(i);
  const auto results = workload::run_float(network, std::move(given), workload::parameter_source(network, 1));
  std::vector<FloatTensor> outputs;
  for (const workload::TensorId id : network.outputs()) outputs.push_back(results.at(id));
  return outputs;
}

FloatTensor test_values(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  FloatTensor tensor{shape, {}};
  for (std::int64_t i = 0; i < workload::element_count(shape); ++i) {
    tensor.values.push_back(static_cast<float>(random() % 20001) / 10000.0F - 1.0F);
  }
  return tensor;
}

std::string difference(const FloatTensor& got, const FloatTensor& expected) {
  if (got.shape != expected.shape) {
    return fmt::format("shape {}, expected {}", workload::to_string(got.shape),
                       workload::to_string(expected.shape));
  }
  double largest = 0.0;
  for (const float value : expected.values) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(static_cast<double>(value)));
  }
  for (std::size_t i = 0; i < expected.values.size(); ++i) {
    if (got.values[i] == expected.values[i]) continue;  // infinities, too
    const double distance =
        std::abs(static_cast<double>(got.values[i]) - static_cast<double>(expected.values[i]));
    if (!(distance <= kRelativeTolerance * largest)) {
      return fmt::format("element {} is {}, expected {}", i, got.values[i], expected.values[i]);
    }
  }
  return "";
}

std::optional<onnx::TensorProto> load_tensor_proto(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  onnx::TensorProto tensor;
  if (!stream || !tensor.ParseFromIstream(&stream)) return std::nullopt;
  try {
    workload::onnx_import::read_tensor(tensor);
  } catch (const std::invalid_argument&) {
    return std::nullopt;  // strings, complex numbers, or a sequence that happens to parse
  }
  return tensor;
}

FloatTensor float_tensor(const onnx::TensorProto& tensor) {
  const auto constant = workload::onnx_import::read_tensor(tensor);
  return {constant.shape, *constant.float_values()};
}

}  // namespace heddle
