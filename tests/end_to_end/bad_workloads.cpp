// Command lines, networks, ONNX files and arrays with something wrong in them.
#include <limits>

#include "tests/end_to_end/bad_input.h"
#include "tests/end_to_end/program.h"
#include "tests/readers/onnx_test_model.h"
#include "tests/scratch_folder.h"

namespace heddle::end_to_end {
namespace {

using Fragments = std::vector<std::string>;

/// x [1, 2, 4, 4] -> Conv of 3 channels, 3 x 3 -> y.
TestModel good_model() {
  TestModel model;
  model.input("x", {1, 2, 4, 4}).weights("w", {3, 2, 3, 3}, std::vector<float>(3 * 2 * 9, 0.5F));
  return model.node("Conv", {"x", "w"}, "y").output("y");
}

std::string digits() {
  return tests::contents(std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/networks/digits.onnx");
}

}  // namespace

std::vector<BadInput> bad_command_lines() {
  std::vector<BadInput> table;
  const auto add = [&](const std::string& name, const std::string& line, const Fragments& fragments) {
    table.push_back({"Command line",
                     name,
                     words(line),
                     {{"net.yaml", kNetwork}, {"arch.yaml", kAccelerator}},
                     fragments});
  };
  const std::string run = "run net.yaml --arch arch.yaml ";
  add("no command", "", {"heddle: a command is missing; expected run, map, sweep, verify, show, report"});
  add("an unknown command", "rum net.yaml", {"unknown command \"rum\" (did you mean \"run\"?)"});
  add("no network", "run --arch arch.yaml", {"NETWORK is required"});
  add("no accelerator", "run net.yaml", {"--arch is required"});
  add("an unknown option", run + "--sede 2", {"unknown option --sede (did you mean \"--seed\"?)"});
  add("one argument too many", run + "more", {"unexpected argument \"more\""});
  add("a negative seed", run + "--seed -1", {"--seed", "expected a whole number", "got \"-1\""});
  add("a seed that is no number", run + "--seed 1e3", {"--seed", "expected a whole number", "got \"1e3\""});
  add("no threads", run + "--jobs 0", {"--jobs"});
  add("an unknown fidelity", run + "--fidelity exact",
      {"unknown value \"exact\"", "expected analytical, fast, clocked"});
  add("inputs for a run without tensors", run + "--fidelity analytical --input x.npy",
      {"--input is for runs that compute", "expected --fidelity fast"});
  add("a trace of a run without a machine", run + "--fidelity analytical --trace t.json",
      {"--trace shows what the machine does", "expected --fidelity fast"});
  add("an array for a run without a machine", run + "--fidelity analytical --array both",
      {"--array both runs the machine", "expected --array model"});
  add("waves of a run that compares nothing", run + "--waves w.fst",
      {"--waves shows a difference", "expected --array both"});
  const std::string verify = "verify --arch arch.yaml ";
  add("RTL of an array that there is none of", "verify --arch eyeriss",
      {"array.registers: the RTL's PEs hold one vector", "run on --array model"});
  add("a user's RTL without its module", verify + "--rtl mine.sv", {"--rtl and --top go together"});
  add("a user's RTL that is not there", verify + "--rtl mine.sv --top mine", {"mine.sv: cannot be read"});
  add("a case of a network", verify + "net.yaml --case 3",
      {"--case, --sizes and --coverage are for random layers"});
  add("a size that no layer has", verify + "--sizes K=3", {"\"K=3\": expected NAME=NUMBER", "waits, N, G"});
  add("a recipe for random layers", verify + "--recipe int8", {"--recipe and --layers are for a network"});
  add("an unknown timing", verify + "--timing loose",
      {"unknown value \"loose\"", "expected strict, relaxed"});
  add("an unknown search", run + "--search exhaustive",
      {"--search", "unknown value \"exhaustive\"", "expected optimal, random, annealing, genetic, default"});
  add("an unknown objective", run + "--objective power",
      {"--objective", "unknown value \"power\"", "expected edp, energy, latency"});
  const std::string map = "map net.yaml --arch arch.yaml ";
  add("a search that finds nothing", map + "--search default", {"unknown value \"default\""});
  add("no time to search", map + "--seconds 0", {"--seconds", "expected a number of seconds above 0"});
  add("no mappings to look at", map + "--evaluations 0", {"--evaluations"});
  add("constraints that are not there", map + "--constraints ./mine.yaml", {"./mine.yaml: no such file"});
  add("mappings of layers without multiply-accumulates", map + "--layers pool,flatten",
      {"--layers: no layer with multiply-accumulates"});
  add("mappings into a folder that does not exist", map + "--output absent/map.yaml",
      {"absent/map.yaml: cannot be written"});
  add("an unknown network", "run resnet5 --arch dense-8x8",
      {"resnet5: no such network (did you mean \"resnet50\"?)"});
  add("an unknown accelerator", "run net.yaml --arch dense-8x9",
      {"dense-8x9: no such accelerator (did you mean \"dense-8x8\"?)"});
  add("an unknown recipe", run + "--recipe int9", {"int9: no such recipe (did you mean \"int8\"?)"});
  add("a mapping file that is not there", run + "--mapping ./map.yaml", {"./map.yaml: no such file"});
  add("a layer that does not exist", run + "--layers cnv",
      {"--layers: no layer is called \"cnv\" (did you mean \"conv\"?)"});
  add("a position beyond the last layer", run + "--layers 2-9", {"\"2-9\" is outside the layers 1 to 4"});
  add("positions backwards", run + "--layers 3-1", {"runs backwards; expected \"1-3\""});
  add("labels of nothing", run + "--labels labels.npy", {"--labels needs --input"});
  add("results into a folder that does not exist", run + "--json absent/results.json",
      {"absent/results.json: cannot be written: No such file or directory"});
  add("a table in place of a folder", run + "--csv .", {".: is a folder, expected a file to write"});
  add("a trace into a folder that does not exist", run + "--trace absent/trace.json",
      {"absent/trace.json: cannot be written"});
  add("show without a kind", "show", {"KIND is required"});
  add("show of an unknown kind", "show accelerator dense-8x8",
      {"unknown value \"accelerator\"", "expected network, arch"});
  add("a mapping without its accelerator", "show mapping map.yaml", {"expected --arch ARCH"});
  add("the graph of an accelerator", "show arch arch.yaml --dot graph.dot", {"--dot is for networks"});
  return table;
}

std::vector<BadInput> bad_networks() {
  std::vector<BadInput> table;
  const auto add = [&](const std::string& name, const std::string& text, const Fragments& fragments) {
    table.push_back({"Network files",
                     name,
                     words("run net.yaml --arch arch.yaml"),
                     {{"net.yaml", text}, {"arch.yaml", kAccelerator}},
                     fragments});
  };
  const auto with = [&](const std::string& name, const std::string& from, const std::string& to,
                        const Fragments& fragments) { add(name, changed(kNetwork, from, to), fragments); };
  with("an unknown key", "kernel: 3", "kernl: 3",
       {"net.yaml:4:36: layers[0].kernl: unknown key (did you mean \"kernel\"?)"});
  with("an unknown operation", "op: conv", "op: convolve", {"layers[0].op: unknown value \"convolve\""});
  with("text where a number is due", "out: 8", "out: eight",
       {"layers[0].out: expected an integer, got \"eight\""});
  with("an extent of zero", "[1, 3, 8, 8]", "[1, 3, 0, 8]", {"input[2]", "got 0"});
  with("a negative stride", "kernel: 3", "kernel: 3, stride: -1",
       {"layers[0].stride: expected an integer from 1 to 65536, got -1"});
  with("a window larger than its input", "kernel: 3", "kernel: 9",
       {"the layer \"conv\" (conv): the window does not fit: 8 input rows"});
  with("groups that do not divide the channels", "kernel: 3", "kernel: 3, groups: 2",
       {"3 input channels in 2 groups"});
  with("a density above one", "out: 10", "out: 10, density: {weights: 1.5}",
       {"expected a number from 0 to 1, got 1.5"});
  with("a layer that reads a later one", "op: conv,", "op: conv, from: pool,",
       {"the layer \"conv\" reads \"pool\", which comes later", "layers form no cycles"});
  with("a layer that reads itself", "op: conv,", "op: conv, from: conv,",
       {"the layer \"conv\" reads itself"});
  with("a layer that reads nothing known", "op: conv,", "op: conv, from: inptu,",
       {"there is no layer or input \"inptu\" (did you mean \"input\"?)"});
  with("two layers of one name", "name: pool", "name: conv", {"there is already a layer \"conv\""});
  with("shapes that cannot be added", "op: linear, out: 10", "op: add, from: [flatten, conv]",
       {"the layer \"fc\" (add)"});
  with("an input of 2^60 numbers", "[1, 3, 8, 8]", "[1, 3, 1073741824, 1073741824]",
       {"net.yaml:2:8: input: "});
  with("no layers", kNetwork.substr(kNetwork.find("  - ")), "  []\n",
       {"layers: no layers, expected at least one"});
  with("repeats of millions of layers", "  - {name: pool, op: max_pool, kernel: 2}",
       "  - repeat: {times: 16384, layers: [{repeat: {times: 16384, layers: [{name: s, op: softmax}]}}]}",
       {"more than 16384 layers"});
  add("a file that contains itself",
      "name: net\ninput: [1, 8]\nlayers: &all\n  - repeat: {times: 9, layers: *all}\n",
      {"net.yaml:", "nested too deeply, or is an alias that contains itself"});
  add("an empty file", "", {"net.yaml: expected a map with the keys name, input"});
  add("a file that is no YAML", "name: net\nlayers: [}\n", {"net.yaml:", "is not valid YAML"});
  add("two documents", kNetwork + "---\n" + kNetwork, {"net.yaml: holds 2 YAML documents"});
  return table;
}

std::vector<BadInput> bad_onnx_files() {
  std::vector<BadInput> table;
  const auto add = [&](const std::string& name, const std::string& bytes, const Fragments& fragments) {
    table.push_back({"ONNX files",
                     name,
                     words("run model.onnx --arch arch.yaml"),
                     {{"model.onnx", bytes}, {"arch.yaml", kAccelerator}},
                     fragments});
  };
  const auto with = [&](const std::string& name, auto change, const Fragments& fragments) {
    TestModel model = good_model();
    change(*model.proto().mutable_graph());
    add(name, model.bytes(), fragments);
  };
  add("a file cut in two", digits().substr(0, digits().size() / 2),
      {"model.onnx: is no ONNX file, or a truncated one"});
  add("an empty file", "", {"model.onnx: holds no graph, expected an ONNX model"});
  add("a picture", "\x89PNG\r\n\x1a\n" + std::string(100, '\0'), {"model.onnx: is no ONNX file"});
  table.push_back({"ONNX files",
                   "a file that is not there",
                   words("run ./absent.onnx --arch arch.yaml"),
                   {{"arch.yaml", kAccelerator}},
                   {"./absent.onnx: no such file"}});
  table.push_back({"ONNX files",
                   "a folder",
                   words("run ./folder.onnx --arch arch.yaml"),
                   {{"folder.onnx/model", ""}, {"arch.yaml", kAccelerator}},
                   {"./folder.onnx: is a folder, expected the file of a network"}});
  add("an unknown operator", TestModel().input("x", {2, 3}).node("Relo", {"x"}, "y").output("y").bytes(),
      {"model.onnx: node 0 (Relo \"n_y\"): operator Relo is not supported (did you mean \"Relu\"?)"});
  add("a cycle",
      TestModel()
          .input("x", {2, 3})
          .node("Add", {"x", "b"}, "a")
          .node("Relu", {"a"}, "b")
          .output("b")
          .bytes(),
      {"the graph has a cycle: node 1 (Relu \"n_b\") -> node 0 (Add \"n_a\") -> node 1 (Relu \"n_b\")"});
  add("an operator set of the future",
      TestModel(99).input("x", {2, 3}).node("Relu", {"x"}, "y").output("y").bytes(),
      {"opset_import: operator set 99 is not supported, expected 6 to 17"});
  with("a weight that is not a number",
       [](onnx::GraphProto& graph) {
         std::vector<float> values(3 * 2 * 9, 0.5F);
         values[7] = std::numeric_limits<float>::quiet_NaN();
         graph.mutable_initializer(0)->set_raw_data(floats(values));
       },
       {"node 0 (Conv \"n_y\")", "element 7 of \"w\" is nan, expected finite"});
  with("fewer weights than their shape says",
       [](onnx::GraphProto& graph) { graph.mutable_initializer(0)->mutable_raw_data()->resize(9); },
       {"initializer \"w\"", "holds 9 bytes of data, expected 216"});
  with("a tensor of 2^39 rows",
       [](onnx::GraphProto& graph) { graph.mutable_initializer(0)->set_dims(0, 1LL << 39); },
       {"initializer \"w\"", "too large"});
  with("a tensor of negative size",
       [](onnx::GraphProto& graph) { graph.mutable_initializer(0)->set_dims(0, -3); },
       {"initializer \"w\"", "negative"});
  with("weights for other channels",
       [](onnx::GraphProto& graph) {
         graph.mutable_initializer(0)->set_dims(0, 2);
         graph.mutable_initializer(0)->set_dims(1, 3);
       },
       {"node 0 (Conv \"n_y\")", "weights of shape 2x3x3x3, expected 2x2x3x3"});
  with("weights that do not exist", [](onnx::GraphProto& graph) { graph.clear_initializer(); },
       {"reads \"w\", which is no input, no initializer and no output of a node"});
  with("weights kept in another file",
       [](onnx::GraphProto& graph) {
         graph.mutable_initializer(0)->set_data_location(onnx::TensorProto::EXTERNAL);
       },
       {"initializer \"w\"", "another file"});
  return table;
}

std::vector<BadInput> bad_arrays() {
  std::vector<BadInput> table;
  const auto add = [&](const std::string& name, const std::string& option, const std::string& bytes,
                       const Fragments& fragments) {
    std::map<std::string, std::string> files = {
        {"net.yaml", kNetwork}, {"arch.yaml", kAccelerator}, {"bad.npy", bytes}};
    std::string line = "run net.yaml --arch arch.yaml " + option + " bad.npy";
    if (option == "--labels") {
      line += " --input images.npy";
      files["images.npy"] = npy("<f4", false, "(1, 3, 8, 8)", floats(std::vector<float>(192, 1)));
    }
    table.push_back({"Arrays", name, words(line), std::move(files), fragments});
  };
  std::vector<float> image(192, 0.25F);
  const std::string good = npy("<f4", false, "(1, 3, 8, 8)", floats(image));
  image[5] = std::numeric_limits<float>::quiet_NaN();
  const std::string with_nan = npy("<f4", false, "(1, 3, 8, 8)", floats(image));
  add("data cut off", "--input", good.substr(0, good.size() - 4),
      {"bad.npy: is truncated: holds 764 bytes of data, expected 768 (192 elements of 4 bytes)"});
  add("a header cut off", "--input", good.substr(0, 50), {"bad.npy: is a truncated .npy file"});
  add("another kind of file", "--input", "PK\x03\x04" + std::string(100, 'x'), {"bad.npy: is no .npy file"});
  add("another shape", "--input", npy("<f4", false, "(1, 8, 8, 3)", good.substr(128)),
      {"bad.npy: has the shape 1x8x8x3, net expects 1x3x8x8"});
  add("columns before rows", "--input", npy("<f4", true, "(1, 3, 8, 8)", good.substr(128)),
      {"bad.npy: is in Fortran order, expected C order"});
  add("a pixel that is not a number", "--input", with_nan,
      {"bad.npy: element 5 is nan, expected finite numbers"});
  add("complex numbers", "--input", npy("<c8", false, "(1, 3, 8, 8)", good.substr(128) + good.substr(128)),
      {"bad.npy: has elements of type '<c8', expected one of <f4"});
  add("no elements", "--input", npy("<f4", false, "(0, 3, 8, 8)", ""), {"bad.npy: has an extent of 0"});
  add("a shape of 2^60 elements", "--input", npy("<f4", false, "(1073741824, 1073741824)", ""),
      {"bad.npy: is too large"});
  add("calibration inputs of another shape", "--calibration", npy("<f4", false, "(2, 96)", good.substr(128)),
      {"bad.npy: has the shape 2x96, net expects 1x3x8x8"});
  add("calibration inputs that are not finite", "--calibration", with_nan, {"bad.npy: element 5 is nan"});
  add("more labels than images", "--labels", npy("|u1", false, "(2,)", std::string("\x01\x02")),
      {"bad.npy: has the shape 2, expected one label for each of 1 inputs"});
  add("a label beyond the last class", "--labels", npy("|u1", false, "(1,)", "\x0a"),
      {"bad.npy: element 0 is 10, expected class numbers from 0 to 9"});
  add("a label between two classes", "--labels", npy("<f4", false, "(1,)", floats({2.5F})),
      {"bad.npy: element 0 is 2.5, expected class numbers from 0 to 9"});
  return table;
}

}  // namespace heddle::end_to_end
