#include "tests/end_to_end/bad_input.h"

#include <stdexcept>

namespace heddle::end_to_end {

const std::string kNetwork = R"(name: net
input: [1, 3, 8, 8]
layers:
  - {name: conv, op: conv, out: 8, kernel: 3, activation: relu}
  - {name: pool, op: max_pool, kernel: 2}
  - {name: flatten, op: flatten}
  - {name: fc, op: linear, out: 10}
)";

const std::string kAccelerator = R"(name: small
clock: 800 MHz
energy: han2015-45nm
array:
  unit: dot
  rows: 8
  columns: 8
  lanes: 8
  bits: {weights: 8, activations: 8, accumulators: 32}
  registers: {weights: 1, inputs: 1, outputs: 16}
  ports: {weights: 64, inputs: 64, outputs: 8}
memory:
  - {name: dram, kind: dram, bandwidth: 16, latency: 100, burst: 64}
  - {name: buffer, kind: sram, size: 128 KiB, word: 64, bandwidth: 128, double_buffered: true}
)";

// A pass is one row of outputs: 8 channels on the rows, 6 positions on the columns, 3 input channels on the
// lanes.
const std::string kMapping = R"(layer: conv
levels:
  - {level: dram, temporal: [P 6]}
  - {level: buffer, temporal: [R 3]}
  - {level: array, spatial: {rows: [M 8], columns: [Q 6], lanes: [C 3]}}
  - {level: registers, temporal: [S 3]}
)";

const std::string kEie = R"(name: little
clock: 800 MHz
array:
  unit: eie
  pes: 4
  queue: 8
  weights: {code: 4, index: 4}
  registers: 8
  pointers: {bits: 16, size: 1 KiB}
  word: 64
  ports: {inputs: 32, outputs: 4}
memory:
  - {name: dram, kind: dram, bandwidth: 16, latency: 100, burst: 64}
  - {name: sram, kind: sram, size: {weights: 4 KiB, activations: 4 KiB}, word: 16, bandwidth: 32}
)";

// A pass is the window of one output position: 27 inputs, 8 output channels on 4 PEs.
const std::string kEieMapping = R"(layer: conv
levels:
  - {level: dram}
  - {level: sram, temporal: [P 6, Q 6]}
  - {level: array, spatial: {rows: [M 4]}}
  - {level: registers, temporal: [C 3, R 3, S 3, M 2]}
)";

const std::string kEnergy = R"(name: mine
version: "1"
source: "measured"
int_add: [{bits: 8, pj: 0.03}, {bits: 32, pj: 0.1}]
int_multiply: [{bits: 8, pj: 0.2}, {bits: 32, pj: 3.1}]
register: {bits: 32, pj: 1}
sram: {bits: 64, rows: [{size: 8 KiB, pj: 10}, {size: 32 KiB, pj: 20}]}
dram: {bits: 64, pj: 1300}
)";

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos || text.find(from, at + 1) != std::string::npos) {
    throw std::logic_error("\"" + from + "\" does not stand exactly once in\n" + text);
  }
  return text.replace(at, from.size(), to);
}

std::string npy(const std::string& descr, bool fortran_order, const std::string& shape,
                const std::string& data) {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': " + (fortran_order ? "True" : "False") +
                       ", 'shape': " + shape + ", }";
  header.append(117 - header.size(), ' ');
  header += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header + data;
}

std::string floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::vector<BadInput> all_bad_inputs() {
  std::vector<BadInput> all;
  for (const auto& table :
       {bad_command_lines(), bad_networks(), bad_onnx_files(), bad_foreign_networks(), bad_accelerators(),
        bad_eie_accelerators(), bad_energy_tables(), bad_mappings(), bad_eie_mappings(), bad_recipes(),
        bad_sweeps(), bad_arrays(), networks_that_do_not_fit(), networks_that_no_eie_unit_runs()}) {
    all.insert(all.end(), table.begin(), table.end());
  }
  return all;
}

}  // namespace heddle::end_to_end
