// Does every network of ONNX's own test data that can be read compute the stored outputs, and is every other
// one refused with a message?
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "support/error.h"
#include "tests/readers/onnx_test_model.h"
#include "workload/readers/onnx_network.h"

using namespace heddle;

namespace {

const std::filesystem::path kData = "/usr/share/libonnx-testdata/data";

struct Tally {
  int compared = 0;  ///< outputs equal to the stored ones
  int refused = 0;   ///< an InputError
  std::map<std::string, std::string> wrong;
};

std::vector<onnx::TensorProto> stored(const std::filesystem::path& folder, const std::string& kind) {
  std::vector<onnx::TensorProto> tensors;
  for (int i = 0; std::filesystem::exists(folder / fmt::format("{}_{}.pb", kind, i)); ++i) {
    const auto tensor = load_tensor_proto(folder / fmt::format("{}_{}.pb", kind, i));
    if (!tensor) return {};
    tensors.push_back(*tensor);
  }
  return tensors;
}

/// Reads the model, runs it on the stored inputs and compares every output; anything but success or
/// InputError is wrong.
void check(const std::filesystem::path& model, const std::vector<onnx::TensorProto>& inputs,
           const std::vector<onnx::TensorProto>& outputs, const std::string& name, Tally& tally) {
  try {
    const workload::Network network = workload::read_onnx_network(model);
    std::vector<FloatTensor> values;
    for (std::size_t i = 0; i < network.inputs().size() && i < inputs.size(); ++i)
      values.push_back(float_tensor(inputs[i]));
    if (values.size() != network.inputs().size() || network.outputs().size() != outputs.size()) {
      tally.wrong[name] = "another number of inputs or outputs than stored";
      return;
    }
    const std::vector<FloatTensor> got = run_network(network, values);
    for (std::size_t i = 0; i < got.size(); ++i) {
      const std::string differs = difference(got[i], float_tensor(outputs[i]));
      if (!differs.empty()) tally.wrong[name] = differs;
    }
    ++tally.compared;
  } catch (const InputError& error) {
    ++tally.refused;
    if (error.problems().empty() || error.problems()[0].message.empty())
      tally.wrong[name] = "an error without a message";
  } catch (const std::exception& error) {
    tally.wrong[name] = fmt::format("threw {}", error.what());
  }
}

/// The same model with every input but the first as an initializer, which is how weights come in real files.
std::string with_weights(const std::filesystem::path& path, const std::vector<onnx::TensorProto>& inputs) {
  onnx::ModelProto model;
  std::ifstream stream(path, std::ios::binary);
  if (!model.ParseFromIstream(&stream) || model.graph().input_size() != static_cast<int>(inputs.size()))
    return "";
  for (int i = 1; i < model.graph().input_size(); ++i) {
    onnx::TensorProto* tensor = model.mutable_graph()->add_initializer();
    *tensor = inputs[static_cast<std::size_t>(i)];
    tensor->set_name(model.graph().input(i).name());
  }
  while (model.graph().input_size() > 1) model.mutable_graph()->mutable_input()->RemoveLast();
  return model.SerializeAsString();
}

Tally check_folder(const std::string& kind) {
  Tally tally;
  const tests::ScratchFolder scratch;
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(kData / kind)) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  for (const auto& folder : folders) {
    const auto model = folder / "model.onnx";
    if (!std::filesystem::exists(model)) continue;
    const std::string name = kind + "/" + folder.filename().string();
    const auto inputs = stored(folder / "test_data_set_0", "input");
    const auto outputs = stored(folder / "test_data_set_0", "output");
    check(model, inputs, outputs, name, tally);
    if (inputs.size() < 2) continue;
    const std::string bytes = with_weights(model, inputs);
    if (!bytes.empty())
      check(scratch.write("weights.onnx", bytes), {inputs[0]}, outputs, name + " with weights", tally);
  }
  return tally;
}

/// At least `floor` networks compared: a loss of coverage is a failure.
void expect(const std::string& kind, int floor) {
  if (!std::filesystem::exists(kData / kind)) {
    FAIL("no " << (kData / kind) << ": install Debian's libonnx-testdata");
  }
  const Tally tally = check_folder(kind);
  WARN(kind << ": " << tally.compared << " networks compared, " << tally.refused << " refused");
  for (const auto& [name, why] : tally.wrong) FAIL_CHECK(name << ": " << why);
  CHECK(tally.compared >= floor);
  CHECK(tally.refused > 0);
}

}  // namespace

TEST_CASE("ONNX node conformance: computed as stored, or refused with a message") { expect("node", 140); }
TEST_CASE("ONNX models converted from PyTorch: computed as stored, or refused with a message") {
  expect("pytorch-converted", 36);
}
TEST_CASE("ONNX operators exported by PyTorch: computed as stored, or refused with a message") {
  expect("pytorch-operator", 13);
}
TEST_CASE("ONNX simple models: computed as stored, or refused with a message") { expect("simple", 1); }
