// A shipped accelerator, its prices and small layers, which any search solves at once.
#pragma once

#include "arch/accelerator.h"
#include "arch/energy.h"
#include "arch/legality.h"

namespace heddle {

struct SmallCase {
  arch::Accelerator accelerator = arch::read_accelerator(configs() / "accelerators/dense-8x8.yaml");
  arch::EnergyTable table = arch::read_energy_table(configs() / "energy/han2015-45nm.yaml");

  static std::filesystem::path configs() { return std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs"; }
  /// A fully connected layer of one input.
  static arch::LayerProblem linear(const std::string& name, std::int64_t outputs, std::int64_t inputs) {
    arch::LayerProblem problem;
    problem.name = name;
    problem.shape.size[workload::Dim::M] = outputs;
    problem.shape.size[workload::Dim::C] = inputs;
    return problem;
  }
};

}  // namespace heddle
