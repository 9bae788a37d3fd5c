// Does every bad ONNX file get a message that names the file and the node, and never a crash?
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <limits>
#include <random>

#include "support/error.h"
#include "tests/readers/onnx_test_model.h"
#include "workload/readers/onnx_network.h"

using namespace heddle;
using namespace heddle::workload;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// x [1, 4, 8, 8] -> Conv of 8 channels, 3 x 3 -> y, which is fine as it is.
TestModel good_conv() {
  TestModel model;
  model.input("x", {-1, 4, 8, 8}).weights("w", {8, 4, 3, 3}, std::vector<float>(8 * 4 * 9, 0.5F));
  return model.node("Conv", {"x", "w"}, "y").output("y");
}

TestModel conv_with(const std::vector<onnx::AttributeProto>& attributes) {
  TestModel model = good_conv();
  for (const auto& one : attributes) *model.proto().mutable_graph()->mutable_node(0)->add_attribute() = one;
  return model;
}

TestModel conv_on(const Shape& shape) {
  TestModel model = good_conv();
  model.proto().mutable_graph()->clear_input();
  return model.input("x", shape);
}

TestModel one_node(const std::string& op, const std::vector<onnx::AttributeProto>& attributes = {},
                   const Shape& shape = {2, 3}) {
  return TestModel().input("x", shape).node(op, {"x"}, "y", attributes).output("y");
}

TestModel changed(const std::function<void(onnx::GraphProto&)>& change) {
  TestModel model = good_conv();
  change(*model.proto().mutable_graph());
  return model;
}

struct Bad {
  TestModel model;
  std::vector<std::string> messages;
};

std::vector<Bad> bad_models() {
  std::vector<Bad> table;
  const auto add = [&](TestModel model, std::vector<std::string> messages) {
    table.push_back({std::move(model), std::move(messages)});
  };
  add(one_node("Einsum"),
      {"node 0 (Einsum \"n_y\")", "operator Einsum is not supported", "supported: Add, AveragePool"});
  add(one_node("Relo"), {"operator Relo is not supported (did you mean \"Relu\"?)"});
  add(TestModel()
          .input("x", {2, 3})
          .node("Foo", {"x"}, "a")
          .node("Bar", {"a"}, "b")
          .node("Foo", {"b"}, "y")
          .output("y"),
      {"operator Foo is not supported", "(2 nodes use it)", "operator Bar is not supported"});
  add(one_node("Erf"), {"node 0 (Erf", "as a part of layer normalization, RMS normalization or GELU only"});
  add(TestModel(5).input("x", {2, 3}).node("Relu", {"x"}, "y").output("y"),
      {"operator set 5", "expected 6 to 17"});
  add(TestModel(99).input("x", {2, 3}).node("Relu", {"x"}, "y").output("y"), {"operator set 99"});

  // the graph
  add(TestModel().input("x", {2, 3}).node("Add", {"x", "b"}, "a").node("Relu", {"a"}, "b").output("b"),
      {"cycle", "Add \"n_a\"", "Relu \"n_b\""});
  add(TestModel().input("x", {2, 3}).node("Add", {"x", "y"}, "y").output("y"), {"cycle"});
  add(TestModel().input("x", {2, 3}).node("Relu", {"a"}, "y").node("Relu", {"x"}, "a").output("y"),
      {"out of order"});
  add(TestModel().input("x", {2, 3}).node("Relu", {"ghost"}, "y").output("y"),
      {"reads \"ghost\"", "no input"});
  add(TestModel().input("x", {2, 3}).node("Relu", {"x"}, "y").node("Tanh", {"x"}, "y").output("y"),
      {"makes \"y\""});
  add(TestModel().input("x", {2, 3}).node("Relu", {"x"}, "y").output("z"),
      {"output \"z\"", "made by no node"});
  add(TestModel().input("x", {2, 3}).node("Relu", {"x"}, "y"), {"no outputs"});
  add(TestModel().weights("w", {2}, {1, 2}).node("Relu", {"w"}, "y").output("y"), {"has no inputs"});
  add(one_node("Identity"), {"no layer"});
  add(TestModel().input("x", {2, 3}).input("x", {2, 3}).node("Relu", {"x"}, "y").output("y"),
      {"input \"x\"", "already"});
  add(changed([](auto& g) {
        g.mutable_output(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(
            7);
      }),
      {"output \"y\"", "1x8x6x6 by its layers", "states 7"});

  // inputs
  add(conv_on({1, 4, 8}), {"node 0 (Conv \"n_y\")", "1x4x8 (3 dimensions)", "expected 4"});
  add(conv_on({1, 4, 0, 8}), {"input \"x\"", "no elements"});
  add(conv_on({1, 4, 1 << 30, 1 << 30}), {"input \"x\"", "too large"});
  add(conv_on({1, 4, 8, -1}), {"input \"x\"", "dimension 3 (batch) is dynamic"});
  add(conv_on({1, 4, 2, 2}), {"does not fit"});
  add(conv_on({1, 5, 8, 8}), {"weights of shape 8x4x3x3, expected 8x5x3x3"});
  add(TestModel().input("x", {2, 3}, onnx::TensorProto::STRING).node("Relu", {"x"}, "y").output("y"),
      {"type STRING"});
  add(TestModel().input("x", {2, 3}, onnx::TensorProto::INT64).node("Relu", {"x"}, "y").output("y"),
      {"holds integers, expected floats"});
  add(changed([](auto& g) { g.mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape(); }),
      {"has no shape"});

  // weights
  add(changed([](auto& g) { g.mutable_initializer(0)->mutable_raw_data()->resize(5); }),
      {"initializer \"w\"", "holds 5 bytes of data, expected 1152"});
  add(changed([](auto& g) { g.mutable_initializer(0)->set_dims(0, std::int64_t{1} << 39); }),
      {"initializer \"w\"", "too large"});
  add(changed([](auto& g) { g.mutable_initializer(0)->set_dims(0, -8); }), {"negative extent"});
  add(changed([](auto& g) { g.mutable_initializer(0)->set_data_type(onnx::TensorProto::COMPLEX64); }),
      {"type COMPLEX64"});
  add(changed([](auto& g) { g.mutable_initializer(0)->set_data_type(1234); }), {"number 1234"});
  add(changed([](auto& g) { g.mutable_initializer(0)->set_data_location(onnx::TensorProto::EXTERNAL); }),
      {"another file"});
  add(changed([](auto& g) { g.mutable_initializer()->Clear(); }), {"reads \"w\""});
  add(changed([](auto& g) { *g.add_initializer() = g.initializer(0); }), {"given twice"});
  add(changed([](auto& g) {
        std::string& raw = *g.mutable_initializer(0)->mutable_raw_data();
        raw.replace(8, 4, reinterpret_cast<const char*>(&kNan), 4);
      }),
      {"node 0 (Conv", "element 2 of \"w\" is nan, expected finite"});

  // attributes
  add(conv_with({attribute("strides", std::vector<std::int64_t>{0, 1})}), {"strides holds 0, expected 1"});
  add(conv_with({attribute("strides", std::vector<std::int64_t>{1})}), {"strides has 1 numbers, expected 2"});
  add(conv_with({attribute("strides", std::int64_t{1})}),
      {"attribute strides is of type INT, expected INTS"});
  add(conv_with({attribute("pads", std::vector<std::int64_t>{0, 0, -1, 0})}), {"pads holds -1"});
  add(conv_with({attribute("dilations", std::vector<std::int64_t>{1, 1LL << 60})}), {"dilations holds"});
  add(conv_with({attribute("group", std::int64_t{0})}), {"group is 0"});
  add(conv_with({attribute("group", std::int64_t{3})}), {"3 groups"});
  add(conv_with({attribute("kernel_shape", std::vector<std::int64_t>{5, 5})}), {"kernel_shape differs"});
  add(conv_with({attribute("auto_pad", std::string("SOMEHOW"))}), {"auto_pad is \"SOMEHOW\""});
  add(one_node("MaxPool", {}, {1, 2, 4, 4}), {"no attribute kernel_shape"});
  add(one_node("ReduceMean", {attribute("axes", std::vector<std::int64_t>{1})}, {1, 2, 4, 4}),
      {"the axes [1]"});
  add(one_node("HardSigmoid"), {"alpha 0.2"});
  add(one_node("Clip", {attribute("min", -1.0F), attribute("max", 1.0F)}),
      {"clips to [-1, 1], expected [0, 6]"});
  add(one_node("Softmax", {attribute("axis", std::int64_t{5})}), {"axis 5"});
  add(one_node("Transpose", {attribute("perm", std::vector<std::int64_t>{0, 0})}),
      {"node 0 (Transpose", "expected every axis once"});
  add(one_node("Flatten", {attribute("axis", std::int64_t{-9})}), {"axis -9"});
  add(TestModel().input("x", {2, 3}).integers("s", {2}, {4, 4}).node("Reshape", {"x", "s"}, "y").output("y"),
      {"16 elements, expected 6"});
  add(TestModel()
          .input("x", {2, 3})
          .integers("s", {2}, {-1, -1})
          .node("Reshape", {"x", "s"}, "y")
          .output("y"),
      {"more than one -1"});
  add(TestModel()
          .input("x", {2, 3})
          .input("s", {2}, onnx::TensorProto::INT64)
          .node("Reshape", {"x", "s"}, "y")
          .output("y"),
      {"depend on the input, expected a constant"});
  add(TestModel().input("x", {2, 3}).node("Relu", {}, "y").output("y"), {"has no input 1"});
  add(TestModel()
          .input("x", {2, 3})
          .weights("w", {4, 5}, std::vector<float>(20, 1))
          .node("MatMul", {"x", "w"}, "y")
          .output("y"),
      {"weights for 4 inputs"});
  add(TestModel()
          .input("x", {2, 3})
          .weights("b", {2, 2, 3}, std::vector<float>(12, 1))
          .node("Add", {"x", "b"}, "y")
          .output("y"),
      {"would enlarge"});
  add(TestModel().input("x", {2, 3}).weights("b", {1}, {0}).node("Div", {"x", "b"}, "y").output("y"),
      {"expected finite"});
  add(TestModel()
          .input("x", {1, 1, 4, 4})
          .integers("p", {8}, {0, 0, 1, 1, 0, 0, 1, 1})
          .node("Pad", {"x", "p"}, "a")
          .node("Relu", {"a"}, "y")
          .output("y"),
      {"Pad is supported before a window"});
  add(TestModel()
          .input("x", {2, 3})
          .weights("s", {3}, {1, 1, 1})
          .weights("v", {3}, {1, -1, 1})
          .node("BatchNormalization", {"x", "s", "s", "s", "v"}, "y")
          .output("y"),
      {"variance of -1"});

  // small files that ask for much memory
  add(TestModel()
          .input("x", {2, 3})
          .integers("s", {1}, {std::int64_t{1} << 39})
          .node("ConstantOfShape", {"s"}, "c")
          .node("Add", {"x", "c"}, "y")
          .output("y"),
      {"node 1 (Add"});
  add(TestModel()
          .input("x", {2, 3})
          .integers("s", {2}, {std::int64_t{1} << 39, std::int64_t{1} << 39})
          .node("ConstantOfShape", {"s"}, "c")
          .node("Add", {"x", "c"}, "y")
          .output("y"),
      {"node 0 (ConstantOfShape", "too large"});
  add(TestModel()
          .input("x", {2, 3})
          .weights("one", {1}, {1})
          .integers("s", {1}, {std::int64_t{1} << 39})
          .node("Expand", {"one", "s"}, "c")
          .node("Add", {"x", "c"}, "y")
          .output("y"),
      {"node 0 (Expand", "at most 2^24"});
  add(TestModel()
          .input("x", {2, 3})
          .integers("a", {}, {0})
          .integers("b", {}, {std::int64_t{1} << 60})
          .integers("c", {}, {1})
          .node("Range", {"a", "b", "c"}, "r")
          .node("Add", {"x", "r"}, "y")
          .output("y"),
      {"node 0 (Range", "too many"});
  add(TestModel()
          .input("x", {2, 3})
          .integers("a", {1}, {INT64_MAX})
          .node("Mul", {"a", "a"}, "m")
          .node("Reshape", {"x", "m"}, "y")
          .output("y"),
      {"node 0 (Mul", "overflow"});
  return table;
}

}  // namespace

TEST_CASE("a bad ONNX model gets a message with file, node and what was expected") {
  const tests::ScratchFolder folder;
  const std::vector<Bad> table = bad_models();
  CHECK(table.size() >= 60);
  for (const Bad& bad : table) {
    const auto path = folder.write("bad.onnx", bad.model.bytes());
    std::string message = "no error";
    try {
      read_onnx_network(path);
    } catch (const InputError& error) {
      message = error.what();
    }
    for (const std::string& part : bad.messages) CHECK_THAT(message, Catch::Contains(part));
    CHECK_THAT(message, Catch::StartsWith(path.string()));
  }
}

TEST_CASE("the model that the bad ones are made from is fine") {
  const Network network = good_conv().read();
  CHECK(network.macs() == 8 * 4 * 9 * 6 * 6);
  CHECK(good_conv().read(5).macs() == 5 * network.macs());
}

TEST_CASE("a batch that the file does not allow is refused") {
  CHECK_THROWS_WITH(good_conv().read(0), Catch::Contains("batch: is 0"));
  CHECK_THROWS_WITH(one_node("Relu").read(5), Catch::Contains("fixed shape 2x3"));
  CHECK_NOTHROW(one_node("Relu").read(2));
}

TEST_CASE("files that are no ONNX models are refused") {
  const tests::ScratchFolder folder;
  CHECK_THROWS_WITH(read_onnx_network(folder.path() / "absent.onnx"),
                    Catch::Contains("absent.onnx: no such file"));
  CHECK_THROWS_WITH(read_onnx_network(folder.path()), Catch::Contains("is a folder"));
  for (const std::string& bytes :
       {std::string(), std::string("garbage"), std::string(1000, '\xff'), std::string(64, '\0')}) {
    CHECK_THROWS_AS(read_onnx_network(folder.write("bad.onnx", bytes)), InputError);
  }
}

TEST_CASE("a file cut off anywhere, or with any byte changed, is read or refused but never crashes") {
  const tests::ScratchFolder folder;
  const auto path = std::filesystem::path(HEDDLE_SOURCE_DIR) / "tests/data/light/light_bvlc_alexnet.onnx";
  std::ifstream stream(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  REQUIRE(bytes.size() > 1000);
  int refused = 0;
  const auto attempt = [&](const std::string& damaged) {
    try {
      read_onnx_network(folder.write("damaged.onnx", damaged));
    } catch (const InputError&) {
      ++refused;
    }
  };
  for (std::size_t length = 0; length < bytes.size(); length += 13) attempt(bytes.substr(0, length));
  const int cut = static_cast<int>((bytes.size() + 12) / 13);
  CHECK(refused == cut);
  std::mt19937 random(20);  // the seed of all damage
  for (int i = 0; i < 1500; ++i) {
    std::string damaged = bytes;
    for (int flips = 0; flips < 1 + i % 3; ++flips)
      damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
    attempt(damaged);
  }
  CHECK(refused > cut);
}

TEST_CASE("everything wrong in a model is reported at once") {
  TestModel model;
  model.input("x", {1, 4, 8, 8}).weights("w", {2, 3}, std::vector<float>(6, 1));
  model.node("Conv", {"x", "w"}, "a").node("Softmax", {"x"}, "b", {attribute("axis", std::int64_t{9})});
  model.node("Sinh", {"x"}, "c").node("Add", {"a", "b"}, "d").output("d").output("b").output("c");
  const tests::ScratchFolder folder;
  try {
    read_onnx_network(folder.write("three.onnx", model.bytes()));
    FAIL("no error");
  } catch (const InputError& error) {
    // Conv, Softmax and Sinh; not Add, which only suffers from them
    CHECK(error.problems().size() == 3);
  }
}
