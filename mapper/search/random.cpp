#include "mapper/search/random.h"

#include "mapper/search/islands.h"

namespace heddle::mapper {

Found search_random(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options) {
  return search_islands(space, table, options, [](Island& island) {
    while (!island.spent()) island.look_at(island.moves().draw(), island.best_value());
  });
}

}  // namespace heddle::mapper
