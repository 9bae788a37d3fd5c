// Accelerators, energy tables, mappings and recipes with something wrong in them.
#include "tests/end_to_end/bad_input.h"
#include "tests/end_to_end/program.h"

namespace heddle::end_to_end {
namespace {

using Fragments = std::vector<std::string>;

const std::string kMemory =
    "{name: buffer, kind: sram, size: 128 KiB, word: 64, bandwidth: 128, double_buffered: true}";

}  // namespace

std::vector<BadInput> bad_accelerators() {
  std::vector<BadInput> table;
  const auto add = [&](const std::string& name, const std::string& text, const Fragments& fragments) {
    table.push_back({"Accelerators",
                     name,
                     words("run net.yaml --arch arch.yaml"),
                     {{"net.yaml", kNetwork}, {"arch.yaml", text}},
                     fragments});
  };
  const auto with = [&](const std::string& name, const std::string& from, const std::string& to,
                        const Fragments& fragments) {
    add(name, changed(kAccelerator, from, to), fragments);
  };
  with("an unknown key", "lanes: 8", "lanes: 8\n  sparcity: 2:4",
       {"arch.yaml:9:3: array.sparcity: unknown key (did you mean \"sparsity\"?)"});
  with("a missing key", "  rows: 8\n", "", {"array: the key \"rows\" is missing"});
  with("text where a number is due", "rows: 8", "rows: eight",
       {"arch.yaml:6:9: array.rows: expected an integer"});
  with("an array of no rows", "rows: 8", "rows: 0", {"array.rows", "from 1 to 4096, got 0"});
  with("a negative number of lanes", "lanes: 8", "lanes: -8", {"array.lanes", "got -8"});
  with("four million processing elements", "rows: 8\n  columns: 8", "rows: 4096\n  columns: 4096",
       {"134217728 multipliers, expected at most 4194304"});
  with("a clock that stands still", "800 MHz", "0 MHz",
       {"clock: expected a positive frequency", "\"0 MHz\""});
  with("no bandwidth", "bandwidth: 16", "bandwidth: 0", {"memory[0].bandwidth", "got 0"});
  with("a size without sense", "128 KiB", "-128 KiB", {"memory[1].size: expected a positive size"});
  with("a buffer smaller than its word", "128 KiB", "32 B", {"32 bytes are less than one word of 64 bytes"});
  with("no memory on the chip", "  - " + kMemory, "",
       {"memory: 1 memory levels; expected a dram and 1 to 7 srams"});
  with("a memory of an unknown kind", "kind: sram", "kind: sdram", {"memory[1].kind: ", "did you mean"});
  with("two memories of one name", "name: buffer", "name: dram", {"two memory levels are named \"dram\""});
  with("sparsity of five in four", "lanes: 8", "lanes: 8\n  sparsity: 5:4",
       {"array.sparsity: expected n:m such as 2:4", "got \"5:4\""});
  with("lanes that n does not divide", "lanes: 8", "lanes: 8\n  sparsity: 3:4",
       {"n = 3 does not divide the 8 lanes"});
  with("accumulators narrower than a product", "accumulators: 32", "accumulators: 12",
       {"array.bits: accumulators of 12 bits are too narrow", "has 16 bits"});
  with("shared registers too small for one operand", "{weights: 1, inputs: 1, outputs: 16}", "{shared: 4 B}",
       {"shared registers of 4 bytes are too small", "take 20 bytes"});
  with("an unknown unit", "unit: dot", "unit: dott",
       {"arch.yaml:5:9: array.unit: unknown value \"dott\" (did you mean \"dot\"?)"});
  with("the rows of one unit for another", "unit: dot", "unit: eie",
       {"arch.yaml:6:3: array.rows: unknown key", "array: the key \"pes\" is missing"});
  with("a memory for weights alone", "size: 128 KiB", "size: {weights: 64 KiB, activations: 64 KiB}",
       {"only the eie unit has a memory for weights alone; expected one size"});
  with("an unknown energy table", "han2015-45nm", "han2051-45nm",
       {"han2051-45nm: no such energy table (did you mean \"han2015-45nm\"?)"});
  with("three mistakes at once", "rows: 8\n  columns: 8\n  lanes: 8", "rows: 0\n  columns: x\n  lanse: 8",
       {"array.rows", "array.columns", "array.lanse: unknown key (did you mean \"lanes\"?)"});
  add("an empty file", "", {"arch.yaml: expected a map with the keys name, clock"});
  add("a file that is no YAML", "name: [unclosed\n", {"arch.yaml:2:1: is not valid YAML"});
  return table;
}

std::vector<BadInput> bad_energy_tables() {
  std::vector<BadInput> table;
  const auto with = [&](const std::string& name, const std::string& from, const std::string& to,
                        const Fragments& fragments) {
    table.push_back({"Energy tables",
                     name,
                     words("run net.yaml --arch arch.yaml"),
                     {{"net.yaml", kNetwork},
                      {"arch.yaml", changed(kAccelerator, "han2015-45nm", "mine.yaml")},
                      {"mine.yaml", changed(kEnergy, from, to)}},
                     fragments});
  };
  with("an unknown key",
       "register:", "registers:", {"mine.yaml:6:1: registers: unknown key (did you mean \"register\"?)"});
  with("a negative energy", "pj: 1300", "pj: -1300", {"dram.pj: expected a number from 0", "got -1300"});
  with("an energy that is no number", "pj: 1300", "pj: .nan", {"dram.pj: expected a number", "nan"});
  with("rows in no order", "{bits: 8, pj: 0.2}, {bits: 32, pj: 3.1}",
       "{bits: 32, pj: 3.1}, {bits: 8, pj: 0.2}",
       {"int_multiply: row 2: expected ascending bits, got 8 after 32"});
  with("no source", "source: \"measured\"\n", "", {"mine.yaml", "the key \"source\" is missing"});
  with("an SRAM that costs nothing", "{size: 8 KiB, pj: 10}", "{size: 8 KiB, pj: 0}",
       {"expected an energy above 0"});
  return table;
}

std::vector<BadInput> bad_mappings() {
  std::vector<BadInput> table;
  const auto add = [&](const std::string& name, const std::string& mapping, const Fragments& fragments,
                       const std::string& accelerator = kAccelerator) {
    table.push_back({"Mappings",
                     name,
                     words("run net.yaml --arch arch.yaml --mapping map.yaml"),
                     {{"net.yaml", kNetwork}, {"arch.yaml", accelerator}, {"map.yaml", mapping}},
                     fragments});
  };
  const auto with = [&](const std::string& name, const std::string& from, const std::string& to,
                        const Fragments& fragments) { add(name, changed(kMapping, from, to), fragments); };
  with("a level that the accelerator lacks", "level: buffer", "level: bufer",
       {"map.yaml:4:13: levels[1].level: small has no level \"bufer\" (did you mean \"buffer\"?)"});
  with("a level left out", "  - {level: buffer, temporal: [R 3]}\n", "",
       {"levels: the level \"buffer\" is missing"});
  with("levels out of order", "{level: dram, temporal: [P 6]}", "{level: array}",
       {"is out of order or given twice"});
  with("a layer that does not exist", "layer: conv", "layer: conv1",
       {"map.yaml: maps \"conv1\", which is no layer of net (did you mean \"conv\"?)"});
  with("a layer that the vector unit runs", "layer: conv", "layer: pool",
       {"map.yaml: maps \"pool\", a max_pool layer", "without a mapping"});
  with("loops that do not cover the layer", "[P 6]", "[P 4]",
       {"map.yaml: layer conv: the loops over P cover 4 of 6: 2 missing"});
  with("output rows on the axis of output channels", "rows: [M 8]", "rows: [M 4, P 2]",
       {"rows cannot run P 2: only M may differ between rows"});
  with("more rows than the array has", "rows: [M 8]", "rows: [M 9]",
       {"rows take 9 rows, the array has 8: 1 too many"});
  with("more accumulators than a PE has", "temporal: [S 3]", "temporal: [S 3, P 20]",
       {"a pass needs 20 accumulators, a PE has 16: 4 too many"});
  add("a tile that does not fit", kMapping,
      // Twice the tile of one row of outputs: weights 8 x 3 x 3 x 3, inputs 3 x 3 x 8, outputs 8 x 6.
      {"map.yaml: layer conv: buffer is too small by " + std::to_string(2 * (216 + 72 + 48) - 512) + " bytes",
       "it holds 512"},
      changed(kAccelerator, "128 KiB", "512 B"));
  with("a loop over an unknown dimension", "[P 6]", "[X 6]",
       {"levels[0].temporal[0]: expected a loop such as", "\"X 6\""});
  with("a loop of no iterations", "[P 6]", "[P 0]", {"expected a factor from 1 to", "got 0"});
  with("an unknown tensor in keep", "temporal: [R 3]", "temporal: [R 3], keep: [weight]",
       {"levels[1].keep[0]", "did you mean \"weights\"?"});
  with("the outermost level without weights", "temporal: [P 6]", "temporal: [P 6], keep: [inputs, outputs]",
       {"the outermost level holds every tensor"});
  with("weights that are to stay on chip", "layer: conv\n", "layer: conv\non_chip: [weights]\n",
       {"map.yaml:2:11: on_chip[0]: unknown value \"weights\"; expected one of inputs, outputs"});
  with("outputs on chip that the DRAM's loops cut", "layer: conv\n", "layer: conv\non_chip: [outputs]\n",
       {"map.yaml: layer conv: outputs stay on chip, so buffer must hold them whole: its tile covers 1 of 6 "
        "in P"});
  add("one layer mapped twice", kMapping + "---\n" + kMapping,
      {"map.yaml:8:8: layer: the layer \"conv\" has a mapping already"});
  return table;
}

std::vector<BadInput> bad_recipes() {
  std::vector<BadInput> table;
  const auto add = [&](const std::string& name, const std::string& text, const Fragments& fragments) {
    table.push_back({"Recipes",
                     name,
                     words("run net.yaml --arch arch.yaml --recipe recipe.yaml"),
                     {{"net.yaml", kNetwork}, {"arch.yaml", kAccelerator}, {"recipe.yaml", text}},
                     fragments});
  };
  add("nine bits", "default: {weights: 9}\n",
      {"recipe.yaml:1:20: default.weights: expected 2 to 8 or 16 bits, got 9"});
  add("no bits", "default: {activations: 0}\n",
      {"default.activations: expected an integer from 2 to 16, got 0"});
  add("a pattern that matches no layer", "layers: [{pattern: cnv, weights: 4}]\n",
      {"layers[0].pattern: \"cnv\" matches no layer (did you mean \"conv\"?)"});
  add("five of every four weights", "default: {prune: {structured: \"5:4\"}}\n",
      {"default.prune.structured: expected n:m", "got \"5:4\""});
  add("clusters of integers", "default: {cluster: {bits: 4}}\n", {"default.cluster", "arithmetic: fixed"});
  add("fixed point without clusters", "arithmetic: fixed\n", {"cluster"});
  add("a density above one", "default: {prune: {density: 1.5}}\n",
      {"default.prune.density: expected a number from 0 to 1, got 1.5"});
  add("density and structure together", "default: {prune: {density: 0.5, structured: \"2:4\"}}\n",
      {"default.prune: expected either \"density\" or \"structured\""});
  add("an unknown key", "defaults: {weights: 8}\n",
      {"recipe.yaml:1:1: defaults: unknown key (did you mean \"default\"?)"});
  add("a rule that sets nothing", "layers: [{pattern: conv}]\n", {"layers[0]: sets nothing"});
  return table;
}

std::vector<BadInput> networks_that_do_not_fit() {
  std::vector<BadInput> table;
  const auto add = [&](const std::string& name, const std::string& accelerator, const std::string& recipe,
                       const Fragments& fragments, const std::string& options = "") {
    table.push_back({"Networks that the accelerator cannot run",
                     name,
                     words("run net.yaml --arch arch.yaml --recipe recipe.yaml" + options),
                     {{"net.yaml", kNetwork}, {"arch.yaml", accelerator}, {"recipe.yaml", recipe}},
                     fragments});
  };
  const std::string eight = "default: {weights: 8}\n";
  add("16 bits on an array of 8", kAccelerator, "default: {weights: 16, activations: 16}\n",
      {"layer conv: cannot be mapped", "weights of 16 bits do not fit the array's 8-bit weights",
       "inputs of 16 bits do not fit the array's 8-bit inputs"});
  add("sums wider than the accumulators", changed(kAccelerator, "accumulators: 32", "accumulators: 16"),
      eight, {"small: layer conv needs accumulators of ", "the array has 16"});
  // Twice one weight, one input and one output.
  add("a buffer too small for one product",
      changed(kAccelerator, "size: 128 KiB, word: 64", "size: 4 B, word: 4"), eight,
      {"layer conv: cannot be mapped, not even with the smallest tiles: buffer is too small by 2 bytes: its "
       "tiles take "
       "6 bytes (double buffered), it holds 4"},
      " --search default");  // the mapper would let all tensors bypass the buffer
  return table;
}

}  // namespace heddle::end_to_end
