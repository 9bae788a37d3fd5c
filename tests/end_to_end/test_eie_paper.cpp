// Do the EIE paper's layers take the time that the paper prints (Han et al., ISCA 2016, tables III and IV)?
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "tests/end_to_end/program.h"
#include "tests/end_to_end/run_checks.h"
#include "tests/scratch_folder.h"

namespace heddle::end_to_end {
namespace {

using nlohmann::json;

struct PaperLayer {
  std::string name;
  int columns, rows;
  double density, activations;  ///< shares that are not zero, as printed
  double theoretical, actual;   ///< µs
};

const std::array<PaperLayer, 5> kPaper = {{{"alex-6", 9216, 4096, 0.09, 0.351, 28.1, 30.3},
                                           {"alex-7", 4096, 4096, 0.09, 0.353, 11.7, 12.2},
                                           {"vgg-7", 4096, 4096, 0.04, 0.375, 7.9, 8.7},
                                           {"nt-we", 4096, 600, 0.10, 1, 5.2, 8.0},
                                           {"nt-lstm", 1201, 2400, 0.11, 1, 6.5, 7.5}}};
constexpr int kPes = 64;
constexpr double kCyclesPerMicrosecond = 800;

/// The counters of the unit with its weights on chip.
json resident(const std::string& layer) {
  const tests::ScratchFolder folder;
  const json run = checked_run(folder.path(), words("eie-" + layer + " --arch eie-64 --recipe eie"));
  return layer_of(run, layer).at("weights_resident").at("eie");
}

}  // namespace

TEST_CASE("the layers of the EIE paper take its times within ten percent") {
  for (const PaperLayer& layer : kPaper) {
    INFO(layer.name);
    const json counters = resident(layer.name);
    const double theoretical = counters.at("theoretical_cycles").get<double>() / kCyclesPerMicrosecond;
    const double walk = counters.at("walk_cycles").get<double>() / kCyclesPerMicrosecond;
    CHECK(theoretical == Approx(layer.theoretical).epsilon(0.10));
    CHECK(walk == Approx(layer.actual).epsilon(0.10));
    CHECK(walk > theoretical);
  }
}

TEST_CASE("entries and padding of the paper's layers are those of random matrices of their density") {
  for (const PaperLayer& layer : kPaper) {
    INFO(layer.name);
    const json counters = resident(layer.name);
    const double broadcasts = counters.at("broadcasts").get<double>();
    const double entries = counters.at("codebook_lookups").get<double>();
    const double padding = counters.at("padding_entries").get<double>();
    // Exactly round(share · columns) activations are drawn; one may round to the code 0.
    CHECK(broadcasts == Approx(layer.activations * layer.columns).margin(2));
    const double weights = broadcasts * layer.rows * layer.density;
    CHECK(std::abs(entries - padding - weights) < 5 * std::sqrt(weights));
    // A weight has its k-th padding entry if the 16 k rows of its PE before it are there and zero.
    double expected = 0;
    for (int pe = 0; pe < kPes; ++pe) {
      const int rows = (layer.rows - pe + kPes - 1) / kPes;
      for (int zeros = 16; zeros < rows; zeros += 16)
        expected += broadcasts * (rows - zeros) * layer.density * std::pow(1 - layer.density, zeros);
    }
    CHECK(padding == Approx(expected).epsilon(0.02));
    // Every entry is a cycle of its PE, every empty slice another: (1 - density)^rows of the slices.
    const auto work = counters.at("work").get<std::vector<double>>();
    REQUIRE(work.size() == kPes);
    double empty = 0;
    for (int pe = 0; pe < kPes; ++pe)
      empty += broadcasts * std::pow(1 - layer.density, (layer.rows - pe + kPes - 1) / kPes);
    CHECK(std::accumulate(work.begin(), work.end(), 0.0) == Approx(entries + empty).epsilon(0.005));
  }
}

}  // namespace heddle::end_to_end
