// What is wrong with accelerators, mappings, recipes and networks of the eie unit.
#include "tests/end_to_end/bad_input.h"
#include "tests/end_to_end/networks.h"
#include "tests/end_to_end/program.h"

namespace heddle::end_to_end {
namespace {

using Fragments = std::vector<std::string>;

const std::string kSizes = "{weights: 4 KiB, activations: 4 KiB}";

}  // namespace

std::vector<BadInput> bad_eie_accelerators() {
  std::vector<BadInput> table;
  const auto with = [&](const std::string& name, const std::string& from, const std::string& to,
                        const Fragments& fragments) {
    table.push_back({"Accelerators with the eie unit",
                     name,
                     words("run net.yaml --arch arch.yaml"),
                     {{"net.yaml", kNetwork}, {"arch.yaml", changed(kEie, from, to)}},
                     fragments});
  };
  with("an unknown key", "queue: 8", "queues: 8",
       {"arch.yaml:6:3: array.queues: unknown key (did you mean \"queue\"?)"});
  with("no PEs", "pes: 4", "pes: 0", {"array.pes: expected an integer from 1 to 1024, got 0"});
  with("queues of nothing", "queue: 8", "queue: 0", {"array.queue: expected an integer from 1 to 4096"});
  with("codes of nine bits", "code: 4", "code: 9", {"array.weights.code: expected an integer from 2 to 8"});
  with("a word narrower than an entry", "word: 64", "word: 7",
       {"a matrix SRAM word of 7 bits holds no entry: a code and an index have 8"});
  with("vectors too long", "registers: 8", "registers: 16385",
       {"array.registers: 4 PEs of 16385 activations take vectors of 65540, expected at most 65536"});
  with("one memory for weights and activations", kSizes, "8 KiB",
       {"memory[1]: weights of the eie unit have a memory of their own"});
  with("no room for activations", kSizes, "{weights: 4 KiB}", {"the key \"activations\" is missing"});
  with("fewer banks than PEs", "word: 16,", "word: 16, banks: 2,",
       {"memory[1].banks: the eie unit has a bank in each of its 4 PEs; expected 4, or no banks"});
  with("a buffer between", "  - {name: sram",
       "  - {name: far, kind: sram, size: {weights: 1 MiB, activations: 1 MiB}, bandwidth: 32}\n  - {name: "
       "sram",
       {"memory[2]: the eie unit works from the memories inside its PEs; expected a dram and one sram"});
  return table;
}

std::vector<BadInput> bad_eie_mappings() {
  std::vector<BadInput> table;
  const auto with = [&](const std::string& name, const std::string& from, const std::string& to,
                        const Fragments& fragments) {
    table.push_back(
        {"Mappings for the eie unit",
         name,
         words("run net.yaml --arch arch.yaml --mapping map.yaml"),
         {{"net.yaml", kNetwork}, {"arch.yaml", kEie}, {"map.yaml", changed(kEieMapping, from, to)}},
         fragments});
  };
  with("output columns side by side", "rows: [M 4]", "rows: [M 4], columns: [Q 2]",
       {"map.yaml: layer conv: columns cannot run Q 2: the PEs of the eie unit differ in M only"});
  with("PEs left out", "[M 4]", "[M 2]",
       {"layer conv: rows run M 2: outputs are interleaved over all 4 PEs, expected M 4"});
  with("two vectors in a pass",
       "temporal: [P 6, Q 6]}\n  - {level: array, spatial: {rows: [M 4]}}\n"
       "  - {level: registers, temporal: [",
       "temporal: [P 6, Q 3]}\n  - {level: array, spatial: {rows: [M 4]}}\n"
       "  - {level: registers, temporal: [Q 2, ",
       {"layer conv: registers: a pass covers Q 2; it is one vector, expected loops over Q at a memory "
        "level"});
  with("channels inside kernel rows",
       "temporal: [P 6, Q 6]}\n  - {level: array, spatial: {rows: [M 4]}}\n"
       "  - {level: registers, temporal: [C 3, R 3,",
       "temporal: [P 6, Q 6, R 3, C 3]}\n  - {level: array, spatial: {rows: [M 4]}}\n"
       "  - {level: registers, temporal: [",
       {"layer conv: sram: the loop over R is outside one over C: sums saturate"});
  with("a level that does not hold the weights", "[P 6, Q 6]}", "[P 6, Q 6], keep: [inputs, outputs]}",
       {"layer conv: sram must keep weights: the PEs work from it"});
  return table;
}

std::vector<BadInput> networks_that_no_eie_unit_runs() {
  std::vector<BadInput> table;
  const auto add = [&](const std::string& name, const std::string& line, const Fragments& fragments,
                       const std::string& accelerator = kEie) {
    table.push_back({"Networks that the eie unit cannot run",
                     name,
                     words("run " + line),
                     {{"net.yaml", kNetwork},
                      {"attention.yaml", kAttention},
                      {"arch.yaml", accelerator},
                      {"wide.yaml", "arithmetic: fixed\ndefault: {cluster: {bits: 5}}\n"}},
                     fragments});
  };
  add("a recipe with integers", "net.yaml --arch arch.yaml --recipe int8",
      {"int8.yaml: asks for integer arithmetic, the eie unit of little has 16-bit fixed point; expected "
       "arithmetic: fixed and cluster, as in the recipe eie"});
  add("a fixed-point recipe for the dot unit", "net.yaml --arch dense-8x8 --recipe eie",
      {"eie.yaml: asks for fixed arithmetic, the dot unit of dense-8x8 has exact sums"});
  add("a codebook larger than the unit's", "net.yaml --arch arch.yaml --recipe wide.yaml",
      {"layer conv: cannot be mapped", "the weights' codebook has indices of 5 bits, the unit's of 4"});
  add("products of two activations", "attention.yaml --arch arch.yaml --layers scores",
      {"layer scores: cannot be mapped", "(a product of two activations has none)"});
  add("matrix SRAMs of less than a word", "net.yaml --arch arch.yaml",
      {"layer conv: cannot be mapped, not even with the smallest tiles",
       "the matrix SRAM of a PE is too small"},
      changed(kEie, kSizes, "{weights: 16 B, activations: 4 KiB}"));
  add("no room for the pointers of a column", "net.yaml --arch arch.yaml",
      {"layer conv: cannot be mapped, not even with the smallest tiles",
       "the pointer SRAM of a PE is too small: "},
      changed(kEie, "size: 1 KiB", "size: 2 B"));
  add("no room for an input and an output", "net.yaml --arch arch.yaml",
      {"layer conv: cannot be mapped, not even with the smallest tiles", "sram is too small by "},
      changed(kEie, kSizes + ", word: 16", "{weights: 4 KiB, activations: 4 B}, word: 4"));
  add("constraints on a mapping", "net.yaml --arch arch.yaml", {});
  table.back().arguments =
      words("map net.yaml --arch arch.yaml --layers conv --constraints weight-stationary");
  table.back().fragments = {"weight-stationary: constraints are for the dot unit; little has the eie unit"};
  return table;
}

}  // namespace heddle::end_to_end
