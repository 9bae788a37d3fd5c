// Mappings that earlier runs have found, on disk, by the content of everything that they depend on.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

#include "mapper/mapper.h"

namespace heddle::mapper {

/// What is asked of map_layer().
struct MappingQuestion {
  const arch::LayerProblem& problem;
  const arch::Accelerator& accelerator;
  const arch::EnergyTable& table;
  const MapperOptions& options;
  workload::PerOperand<bool> on_chip{};
};

/// One file an answer, named by the SHA-256 of the question (but for the layer's name), the file format and
/// the program's version. Files are renamed into place, so any number of processes may share a folder. A file
/// that is damaged, holds something else, or a mapping that does not cost what it says, is taken for absent
/// and replaced. Answers that are not proved are those of the same budget. Any thread may call at any time.
class MappingCache {
 public:
  /// The folder is made when the first answer is stored.
  MappingCache(std::filesystem::path folder, std::string version);

  std::optional<MappedLayer> find(const MappingQuestion& question) const;
  void store(const MappingQuestion& question, const MappedLayer& answer);
  /// Why the first answer that could not be stored was not; empty as long as all could.
  std::string trouble() const;

 private:
  std::filesystem::path file(const MappingQuestion& question, bool proved) const;

  std::filesystem::path folder_;
  std::string version_;
  mutable std::mutex mutex_;  ///< of trouble_
  std::string trouble_;
};

/// heddle's cache folder for mappings (support/cache_folder.h).
std::optional<std::filesystem::path> default_cache_folder();

}  // namespace heddle::mapper
