// Do whole runs on the eie unit use a matrix exactly as it is given, and agree across fidelities?
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "support/sha256.h"
#include "tests/end_to_end/bad_input.h"
#include "tests/end_to_end/program.h"
#include "tests/end_to_end/run_checks.h"
#include "tests/readers/onnx_test_model.h"
#include "tests/scratch_folder.h"
#include "workload/encode/csc.h"
#include "workload/readers/npy.h"

namespace heddle::end_to_end {
namespace {

using nlohmann::json;

/// The design's only tolerance: expected cycles and counts against those of sparse data.
constexpr double kTolerance = 0.05;

std::int64_t integer(const json& layer, const std::string& pointer) {
  return layer.at(json::json_pointer(pointer)).get<std::int64_t>();
}

/// A pruned matrix with 15 values besides zero, and vectors for it; all multiples of small powers of two, so
/// that fixed point has them and their sums exactly.
struct Sparse {
  static constexpr std::int64_t kOutputs = 1200, kInputs = 160, kBatch = 3;
  std::vector<float> matrix;  ///< [outputs, inputs]
  std::vector<float> bias;
  std::vector<float> vectors;  ///< [batch, inputs]

  Sparse() {
    std::mt19937_64 random(4);
    const auto below = [&](std::uint64_t end) { return static_cast<int>(random() % end); };
    for (std::int64_t i = 0; i < kOutputs * kInputs; ++i) {
      const int value = below(15) - 7;
      matrix.push_back(below(100) < 6 ? static_cast<float>(value <= 0 ? value - 1 : value) / 8 : 0.0F);
    }
    for (std::int64_t i = 0; i < kOutputs; ++i) bias.push_back(static_cast<float>(below(33) - 16) / 4);
    for (std::int64_t i = 0; i < kBatch * kInputs; ++i)
      vectors.push_back(below(100) < 40 ? static_cast<float>(below(63) - 31) / 16 : 0.0F);
    matrix[37 * kInputs + 5] = -1;  // all values occur, the greatest as well
  }

  float weight(std::int64_t output, std::int64_t input) const {
    return matrix[static_cast<std::size_t>(output * kInputs + input)];
  }
  float input(std::int64_t n, std::int64_t i) const {
    return vectors[static_cast<std::size_t>(n * kInputs + i)];
  }
  std::string npy_file() const {
    return npy("<f4", false, fmt::format("({}, {})", kBatch, kInputs), floats(vectors));
  }
};

/// Entries that broadcasts of the vectors walk on so many PEs, encoded in blocks of `block_rows`.
struct Entries {
  std::int64_t all = 0, padding = 0;
};
Entries walked(const Sparse& sparse, std::int64_t pes, std::int64_t block_rows) {
  Entries entries;
  std::vector<std::uint8_t> codes(sparse.matrix.size());
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = sparse.matrix[i] != 0 ? 1 : 0;
  for (std::int64_t first = 0; first < Sparse::kOutputs; first += block_rows) {
    const std::int64_t rows = std::min(block_rows, Sparse::kOutputs - first);
    const workload::CscMatrix block = workload::encode(codes.data() + first * Sparse::kInputs, rows,
                                                       Sparse::kInputs, Sparse::kInputs, {pes, 4, 4});
    for (std::int64_t n = 0; n < Sparse::kBatch; ++n) {
      for (std::int64_t column = 0; column < Sparse::kInputs; ++column) {
        if (sparse.input(n, column) == 0) continue;
        for (const workload::CscMatrix::Pe& pe : block.pes) {
          for (std::uint32_t e = pe.pointers[static_cast<std::size_t>(column)];
               e < pe.pointers[static_cast<std::size_t>(column) + 1]; ++e) {
            ++entries.all;
            entries.padding += pe.codes[e] == 0 ? 1 : 0;
          }
        }
      }
    }
  }
  return entries;
}

/// The network's outputs in float, as 16-bit codes with the greatest binary point that holds them all.
std::string expected_sha256(const Sparse& sparse, bool with_bias) {
  std::vector<double> outputs;
  for (std::int64_t n = 0; n < Sparse::kBatch; ++n) {
    for (std::int64_t m = 0; m < Sparse::kOutputs; ++m) {
      double sum = with_bias ? sparse.bias[static_cast<std::size_t>(m)] : 0;
      for (std::int64_t i = 0; i < Sparse::kInputs; ++i)
        sum += static_cast<double>(sparse.weight(m, i)) * static_cast<double>(sparse.input(n, i));
      outputs.push_back(sum);
    }
  }
  double greatest = 0;
  for (const double output : outputs) greatest = std::max(greatest, std::abs(output));
  int point = 0;
  while (std::ldexp(greatest, point + 1) <= 32767) ++point;
  REQUIRE(point >= 7);  // products have 3 + 4 bits after the point: nothing is rounded
  std::string bytes;
  for (const double output : outputs) {
    const auto code = static_cast<int>(std::ldexp(output, point));
    CHECK(std::ldexp(static_cast<double>(code), -point) == output);
    bytes += static_cast<char>(code & 0xff);
    bytes += static_cast<char>(code >> 8 & 0xff);
  }
  return sha256(bytes);
}

std::int64_t factor_of(const json& loops, const std::string& dimension) {
  std::int64_t product = 1;
  for (const json& loop : loops) {
    const auto text = loop.get<std::string>();
    if (text.substr(0, 1) == dimension) product *= std::stoll(text.substr(2));
  }
  return product;
}

void check_layer_as_given(const json& run, const std::string& name, const Sparse& sparse, std::int64_t pes,
                          bool with_bias) {
  const json& layer = layer_of(run, name);
  CHECK(layer.at("op") == "linear");
  CHECK(layer.at("output_sha256") == expected_sha256(sparse, with_bias));
  const json& levels = layer.at("mapping").at("levels");
  const std::int64_t block_rows =
      factor_of(levels.at(2).at("spatial").at("rows"), "M") * factor_of(levels.at(3).at("temporal"), "M");
  const Entries entries = walked(sparse, pes, block_rows);
  CHECK(entries.padding > 0);
  CHECK(integer(layer, "/actions/eie/codebook_lookups") == entries.all);
  CHECK(integer(layer, "/actions/eie/padding_entries") == entries.padding);
  CHECK(integer(layer, "/effective_macs") == entries.all - entries.padding);
  const std::int64_t blocks = (Sparse::kOutputs + block_rows - 1) / block_rows;
  const auto nonzero =
      std::count_if(sparse.vectors.begin(), sparse.vectors.end(), [](float value) { return value != 0; });
  CHECK(integer(layer, "/actions/eie/broadcasts") == nonzero * blocks);
  CHECK(integer(layer, "/actions/eie/queue_pushes") == nonzero * blocks * pes);
  CHECK(integer(layer, "/actions/eie/pointer_reads") == 2 * nonzero * blocks * pes);
  std::int64_t work = 0;
  for (const json& cycles : layer.at("actions").at("eie").at("work")) work += cycles.get<std::int64_t>();
  CHECK(work >= entries.all);
  CHECK(layer.at("weights_resident").at("cycles") < layer.at("cycles"));
  CHECK(integer(layer, "/weights_resident/eie/codebook_lookups") >= entries.all - entries.padding);
}

void run_as_given(const std::string& model, const std::string& name, bool with_bias) {
  const Sparse sparse;
  const tests::ScratchFolder folder;
  tests::put(folder / "model.onnx", model);
  tests::put(folder / "x.npy", sparse.npy_file());
  for (const auto& [accelerator, pes] : {std::pair{"eie-16", 16}, {"eie-64", 64}}) {
    INFO(accelerator);
    const std::string line = fmt::format("model.onnx --arch {} --input x.npy", accelerator);
    const json run = checked_run(folder.path(), words(line));
    CHECK(run.at("fidelity") == "fast");
    CHECK(run.at("batch") == Sparse::kBatch);
    check_layer_as_given(run, name, sparse, pes, with_bias);
    json clocked = checked_run(folder.path(), words(line + " --fidelity clocked"));
    CHECK(clocked.at("layers") == run.at("layers"));
  }
}

TEST_CASE("an ONNX Gemm that comes pruned and clustered runs on the eie unit exactly as given") {
  const Sparse sparse;
  TestModel model;
  model.input("x", {-1, Sparse::kInputs})
      .weights("w", {Sparse::kOutputs, Sparse::kInputs}, sparse.matrix)
      .weights("b", {Sparse::kOutputs}, sparse.bias)
      .node("Gemm", {"x", "w", "b"}, "y", {attribute("transB", std::int64_t{1})})
      .output("y");
  run_as_given(model.bytes(), "n_y", true);
}

TEST_CASE("an ONNX MatMul that comes pruned and clustered runs on the eie unit exactly as given") {
  const Sparse sparse;
  std::vector<float> transposed;
  for (std::int64_t i = 0; i < Sparse::kInputs; ++i) {
    for (std::int64_t m = 0; m < Sparse::kOutputs; ++m) transposed.push_back(sparse.weight(m, i));
  }
  TestModel model;
  model.input("x", {-1, Sparse::kInputs})
      .weights("w", {Sparse::kInputs, Sparse::kOutputs}, transposed)
      .node("MatMul", {"x", "w"}, "y")
      .output("y");
  run_as_given(model.bytes(), "n_y", false);
}

TEST_CASE("fast and clocked runs of the pruned digits on the eie unit are the same but for the name") {
  const std::string digits = std::string(HEDDLE_SOURCE_DIR) + "/configs/networks/digits/";
  const FloatTensor all = workload::read_npy(digits + "test_images.npy");
  constexpr std::int64_t kImages = 2;
  const auto image = static_cast<std::size_t>(workload::element_count(all.shape) / all.shape.at(0));
  std::string shape = fmt::format("({}", kImages);
  for (std::size_t d = 1; d < all.shape.size(); ++d) shape += fmt::format(", {}", all.shape[d]);
  const tests::ScratchFolder folder;
  tests::put(
      folder / "x.npy",
      npy("<f4", false, shape + ")",
          floats({all.values.begin(), all.values.begin() + static_cast<std::ptrdiff_t>(kImages * image)})));
  for (const char* accelerator : {"eie-16", "eie-64"}) {
    INFO(accelerator);
    const std::string line =
        fmt::format("digits-eie --arch {} --recipe digits-eie --input x.npy --calibration {}", accelerator,
                    digits + "calibration_images.npy");
    json fast = checked_run(folder.path(), words(line + " --fidelity fast"));
    json clocked = checked_run(folder.path(), words(line + " --fidelity clocked"));
    CHECK(fast.at("fidelity") == "fast");
    CHECK(clocked.at("fidelity") == "clocked");
    CHECK(fast.at("layers").size() == 7);
    fast.erase("fidelity");
    clocked.erase("fidelity");
    CHECK(fast == clocked);
  }
}

double relative(const json& expected, const json& seen) {
  return std::abs(expected.get<double>() / seen.get<double>() - 1);
}

TEST_CASE("an analytical run of a random sparse layer is within five percent of the machine") {
  const tests::ScratchFolder folder;
  tests::put(
      folder / "net.yaml",
      "name: net\ninput: [1, 1200]\nlayers: [{name: fc, op: linear, out: 1000, density: {weights: 0.1, "
      "activations: 0.4}}]\n");
  for (const char* accelerator : {"eie-16", "eie-64"}) {
    INFO(accelerator);
    const std::string line = fmt::format("net.yaml --arch {}", accelerator);
    const json run = checked_run(folder.path(), words(line));
    const auto arguments = words("run " + line + " --fidelity analytical --json a.json");
    const Outcome outcome = run_heddle(folder.path(), arguments);
    INFO(transcript(arguments, outcome));
    REQUIRE(outcome.status == 0);
    const json analytical = json_file(folder / "a.json");
    const json &expected = layer_of(analytical, "fc"), &seen = layer_of(run, "fc");
    CHECK(expected.at("mapping") == seen.at("mapping"));
    CHECK(integer(seen, "/actions/eie/broadcasts") == 480);  // the density is met exactly
    for (const char* key :
         {"/cycles", "/compute_cycles", "/effective_macs", "/energy_pj/total", "/weights_resident/cycles",
          "/weights_resident/energy_pj/total", "/actions/eie/broadcasts", "/actions/eie/codebook_lookups",
          "/actions/eie/matrix_reads", "/actions/eie/walk_cycles", "/actions/eie/load_balance",
          "/actions/dram/weights/read_bits"}) {
      INFO(key);
      const json::json_pointer pointer(key);
      CHECK(relative(expected.at(pointer), seen.at(pointer)) < kTolerance);
    }
  }
}

TEST_CASE("a mapping that a run on the eie unit reports can be given back to it") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kNetwork);
  tests::put(folder / "arch.yaml", kEie);
  tests::put(folder / "map.yaml", kEieMapping);
  const json own = checked_run(folder.path(), words("net.yaml --arch arch.yaml --mapping map.yaml"));
  const json& conv = layer_of(own, "conv");
  // 36 positions, a pass each; without padding or zeros among the synthetic inputs 27 broadcasts.
  CHECK(integer(conv, "/actions/eie/broadcasts") == 36 * 27);
  CHECK(integer(conv, "/effective_macs") ==
        integer(conv, "/actions/eie/codebook_lookups") - integer(conv, "/actions/eie/padding_entries"));

  const json first = checked_run(folder.path(), words("net.yaml --arch arch.yaml"));
  json mappings = json::array();
  for (const json& layer : first.at("layers")) {
    if (!layer.at("mapping").empty())
      mappings.push_back({{"layer", layer.at("name")}, {"levels", layer.at("mapping").at("levels")}});
  }
  CHECK(mappings.size() == 2);
  CHECK(layer_of(first, "conv").at("output_sha256") == conv.at("output_sha256"));
  tests::put(folder / "map.yaml", mappings.dump());
  const json second = checked_run(folder.path(), words("net.yaml --arch arch.yaml --mapping map.yaml"));
  for (const char* name : {"conv", "fc"}) {
    for (const char* key : {"cycles", "stalls", "actions", "energy_pj", "output_sha256"})
      CHECK(layer_of(second, name).at(key) == layer_of(first, name).at(key));
  }
}

}  // namespace
}  // namespace heddle::end_to_end
