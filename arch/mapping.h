// A mapping: the loop nest that a layer runs as. The contract between mapper (who finds it) and sim (who runs
// it).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "arch/accelerator.h"
#include "workload/mac_shape.h"

namespace heddle::arch {

/// `factor` iterations over `dim`. One iteration covers what all loops inside it cover; the last one may be
/// short, and iterations that would begin beyond the layer's (or the outer tile's) end do not happen.
struct Loop {
  workload::Dim dim;
  std::int64_t factor = 1;
  friend bool operator==(const Loop&, const Loop&) = default;
};

/// Temporal loops that one memory level runs over the tiles of the next level, outermost first, and the
/// tensors that this level holds (the outermost level holds all).
struct LevelMapping {
  std::vector<Loop> temporal;
  workload::PerOperand<bool> keep;
};

/// Nesting, outermost first: memory[0] (dram), memory[1], ..., then the registers' loops, then the array's
/// axes. Consecutive elements of a dimension go to consecutive rows, columns and lanes; the registers' loops
/// step over them.
struct LayerMapping {
  std::string layer;
  std::vector<LevelMapping> memory;  ///< one for each memory level of the accelerator
  std::vector<Loop> rows;            ///< spatial: M
  std::vector<Loop> columns;         ///< spatial: N, P, Q
  std::vector<Loop> lanes;      ///< spatial: C, R, S; counts positions of the reduction (dense ones, for n:m)
  std::vector<Loop> registers;  ///< temporal, run by the array within a pass
  /// Inputs that an earlier layer left in memory[1], outputs that stay there for a later one: they do not
  /// move through the dram. On the eie unit also weights, which an earlier run of the layer left there. Legal
  /// when memory[1] keeps the whole tensor (arch/legality.h).
  workload::PerOperand<bool> on_chip{};
};

/// Elements of each dimension that the array's axes cover in one step.
workload::PerDim<std::int64_t> spatial_extent(const LayerMapping& mapping);
/// Elements of each dimension that one pass covers: the axes and the registers' loops.
workload::PerDim<std::int64_t> pass_extent(const LayerMapping& mapping);

/// Elements of each dimension that one tile held by a memory level covers: the level's own loops and all
/// inside. Not clipped to the layer. Level memory.size() is the pass.
workload::PerDim<std::int64_t> level_extent(const LayerMapping& mapping, std::size_t level);
/// Product of the factors of all loops over the dimension in the list; saturates far above any layer's size.
std::int64_t factor_of(const std::vector<Loop>& loops, workload::Dim dim);

/// Mappings by layer name, from a YAML file with one document or list entry per layer (`layer:`, `levels:`,
/// and `on_chip:` where tensors stay on chip).
/// Level names are those of the accelerator, then "array" and "registers". Throws InputError.
std::map<std::string, LayerMapping> read_mappings(const std::filesystem::path& file,
                                                  const Accelerator& accelerator);
/// An accelerator with nothing but the memory level names of the file's first mapping: enough to read and to
/// print the file when no accelerator is given. Throws InputError.
Accelerator outline_accelerator(const std::filesystem::path& file);
/// The YAML that read_mappings reads, for any number of layers.
std::string to_yaml(const std::vector<LayerMapping>& mappings, const Accelerator& accelerator);

}  // namespace heddle::arch
