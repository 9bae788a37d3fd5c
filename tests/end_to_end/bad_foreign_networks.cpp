// Timeloop problems and SCALE-Sim topologies with something wrong in them.
#include "tests/end_to_end/bad_input.h"
#include "tests/end_to_end/program.h"

namespace heddle::end_to_end {
namespace {

const std::string kProblem = R"(problem:
  version: 0.4
  shape:
    dimensions: [K, C, R, S, P, Q]
    coefficients: [{name: Hstride, default: 1}, {name: Wstride, default: 1}]
    data_spaces:
      - {name: Weights, projection: [K, C, R, S]}
      - {name: Inputs, projection: [[[C]], [[R], [P, Hstride]], [[S], [Q, Wstride]]]}
      - {name: Outputs, projection: [K, P, Q], read_write: true}
  instance: {K: 8, C: 3, R: 3, S: 3, P: 6, Q: 6}
)";

const std::string kTopology =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
    "conv, 8, 8, 3, 3, 3, 8, 1,\n"
    "fc, 1, 1, 1, 1, 64, 10, 1,\n";

}  // namespace

std::vector<BadInput> bad_foreign_networks() {
  std::vector<BadInput> table;
  const auto add = [&](const std::string& file, const std::string& name, const std::string& text,
                       const std::vector<std::string>& fragments) {
    table.push_back({"Timeloop problems and SCALE-Sim topologies",
                     name,
                     words("run " + file + " --arch arch.yaml"),
                     {{file, text}, {"arch.yaml", kAccelerator}},
                     fragments});
  };
  const auto problem = [&](const std::string& name, const std::string& from, const std::string& to,
                           const std::vector<std::string>& fragments) {
    add("layer.yaml", name, changed(kProblem, from, to), fragments);
  };
  problem("a bound that is missing", "K: 8, ", "",
          {"layer.yaml:10:13: problem.instance: the key \"K\" is missing"});
  problem("a bound of zero", "P: 6", "P: 0", {"problem.instance.P: expected an integer from 1", "got 0"});
  problem("a bound of no dimension", "P: 6", "P: 6, Z: 6", {"problem.instance.Z: unknown key"});
  problem("a projection onto no dimension", "[K, C, R, S]}", "[K, C, R, T]}",
          {"there is no dimension \"T\""});
  problem("a coefficient that is not declared", "[P, Hstride]", "[P, Pstride]",
          {"there is no coefficient \"Pstride\" (did you mean \"Hstride\"?)"});
  problem("nothing that is written", ", read_write: true", "",
          {"3 data spaces, 0 of them read_write; expected three"});
  problem("a transposed convolution", "[K, P, Q], read_write", "[[[K]], [[P], [R]], [[Q], [S]]], read_write",
          {"a sum of dimensions in Outputs"});
  problem("a sum that is no window", "[[R], [P, Hstride]]", "[[K], [P, Hstride]]",
          {"the sum of K and P in Inputs is no sliding window"});
  problem("a dimension of one tensor only", "[K, C, R, S]}", "[K, R, S]}",
          {"the dimension C of 3 is in only one data space (Inputs)"});
  problem("an image that the windows do not fill", "K: 8,", "K: 8, H: 20,",
          {"20 positions with a padding of 0 do not give 6 outputs"});
  problem("a density above one (Timeloop)", "K: 8,", "K: 8, densities: {Weights: 1.5},",
          {"problem.instance.densities.Weights: expected a number from 0 to 1, got 1.5"});
  add("layer.yaml", "a shape that is not known", "problem: {shape: mttkrp, instance: {I: 3}}\n",
      {"layer.yaml:1:18: problem.shape: the shape \"mttkrp\" is not known"});
  add("layer.yaml", "a problem that is no map", "problem: [1, 2]\n",
      {"layer.yaml:1:10: problem: expected a map"});

  const auto topology = [&](const std::string& name, const std::string& from, const std::string& to,
                            const std::vector<std::string>& fragments) {
    add("net.csv", name, changed(kTopology, from, to), fragments);
  };
  add("net.csv", "an empty topology", "", {"net.csv: is empty, expected a header row"});
  add("net.csv", "a table of something else", "time,value\n1,2\n",
      {"net.csv:1:1: not a header of SCALE-Sim"});
  add("net.csv", "a topology without layers", kTopology.substr(0, kTopology.find('\n') + 1),
      {"no layers below the header"});
  topology("a row that ends early", "conv, 8, 8, 3, 3, 3, 8, 1,", "conv, 8, 8, 3,",
           {"net.csv:2:1: conv: 4 fields, expected 8"});
  topology("text in a topology", "conv, 8, 8, 3, 3, 3,", "conv, 8, 8, 3, 3, RGB,",
           {"net.csv:2:19: conv.Channels: expected an integer from 1", "got \"RGB\""});
  topology("a filter larger than its input", "conv, 8, 8, 3,", "conv, 8, 8, 9,",
           {"net.csv:2:13: conv.Filter Height: a filter of 9 on an input of 8"});
  topology("a layer too large for any memory", "conv, 8, 8, 3,", "conv, 99999999, 99999999, 3,",
           {"net.csv:2:1: conv: "});
  topology("a sparsity of more than all", "Strides,\nconv, 8, 8, 3, 3, 3, 8, 1,",
           "Strides, Sparsity,\nconv, 8, 8, 3, 3, 3, 8, 1, 4:2,",
           {"net.csv:2:28: conv.Sparsity: expected n:m such as 2:4"});
  return table;
}

}  // namespace heddle::end_to_end
