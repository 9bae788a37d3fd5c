// The mappings of a network's layers: equal layers are solved once, distinct ones in parallel, what earlier
// runs have solved is taken from the cache.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mapper/cache.h"
#include "mapper/mapper.h"
#include "support/error.h"

namespace heddle::mapper {

struct LayerQuestion {
  arch::LayerProblem problem;
  workload::PerOperand<bool> on_chip{};
};

struct LayerAnswer {
  std::optional<MappedLayer> mapped;  ///< nothing: it cannot be mapped
  std::vector<Problem> problems;      ///< then, why
  std::string solved_as;              ///< the layer that was solved: the first one equal to this one
  bool cached = false;                ///< an earlier run had solved it
};

/// Layers that were asked for, equal ones once.
struct MappingWork {
  std::int64_t layers = 0;
  std::int64_t cached = 0;  ///< of them, solved by earlier runs
};

/// For one accelerator, energy table and search; one thread at a time. Remembers every answer.
class NetworkMapper {
 public:
  /// `jobs`: threads, 0: one per core. `cache`: may be null.
  NetworkMapper(const arch::Accelerator& accelerator, const arch::EnergyTable& table, MapperOptions options,
                int jobs, std::shared_ptr<MappingCache> cache);

  /// The layer that is begun, and the share of the work that is done, from 0 to 1. Called by one thread at a
  /// time, but not always the same.
  using Report = std::function<void(const std::string& layer, double share)>;

  /// An answer for each layer, in their order: the same on any number of threads. Layers that cannot be
  /// mapped are answers, too.
  std::vector<LayerAnswer> map(const std::vector<LayerQuestion>& layers, const Report& report = {});
  /// One layer; at once if it, or an equal one, has been mapped before.
  LayerAnswer map(const LayerQuestion& layer);

  const MapperOptions& options() const { return options_; }
  int threads() const;
  MappingWork work() const;
  const MappingCache* cache() const { return cache_.get(); }

 private:
  LayerAnswer solve(const LayerQuestion& layer) const;

  const arch::Accelerator accelerator_;
  const arch::EnergyTable table_;
  const MapperOptions options_;
  const int jobs_;
  const std::shared_ptr<MappingCache> cache_;
  std::map<std::string, LayerAnswer> known_;  ///< by fingerprint of the layer
};

/// Throws one InputError with the problems of all layers that cannot be mapped, if there are any.
void require_all_mapped(const std::vector<LayerAnswer>& answers);

}  // namespace heddle::mapper
