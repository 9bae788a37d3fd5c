// What one pass of the `eie` unit takes, from densities: the compressed block's size, the reads of its
// memories, and the cycles of its PEs behind their queues. Expected values for weights that are kept
// independently; docs/eie-model.md derives them.
#pragma once

#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "arch/accelerator.h"
#include "mapper/model/eie_queue.h"
#include "mapper/model/eie_slice.h"

namespace heddle::mapper {

/// What of an eie unit a pass depends on.
struct EieShape {
  int pes = 64;  ///< 1 to 1024
  int queue_depth = 8;
  int index_bits = 4;        ///< 2 to 8
  int entries_per_word = 8;  ///< of the matrix SRAM
};
EieShape eie_shape(const arch::ArrayUnit& unit);

/// Of one column of a block, all PEs together (a slice each).
struct EieColumn {
  double entries = 0;  ///< padding included
  double padding = 0;
  double empty_slices = 0;             ///< a PE without rows has one, too
  double work = 0;                     ///< PE-cycles
  int tall_pes = 0;                    ///< the first ones, which have a row more than the others
  double tall_work = 0, low_work = 0;  ///< cycles of one PE, of those with a row more and of the others
};

/// Of one pass.
struct EiePass {
  double cycles = 0;      ///< E - T0: from the first broadcast to the end of the last slice
  double work = 0;        ///< PE-cycles in which a PE walks a slice or skips an empty one
  double starved = 0;     ///< PE-cycles of the others
  double queue_full = 0;  ///< cycles in which a broadcast waits for a queue
};

/// For one array. Not to be shared by threads: what was worked out for a block is kept.
class EiePassModel {
 public:
  /// Throws std::invalid_argument for a shape out of range.
  explicit EiePassModel(const EieShape& shape);

  /// A block of `rows` rows (up to 65536 for each PE), each weight of which is kept with probability
  /// `density`.
  const EieColumn& column(int rows, double density);
  /// Words of the matrix SRAMs that all PEs together read for a column of such a block of `columns` columns,
  /// on average.
  double words(int rows, double density, int columns);
  /// A pass over it in which `broadcasts` activations are not zero: whole or an expected number.
  EiePass pass(int rows, double density, double broadcasts);
  /// A pass over `columns` columns, each of which is broadcast with probability `density_in`, independently.
  EiePass pass_of_columns(int rows, double density, int columns, double density_in);

 private:
  struct Block {
    EieColumn column;
    int unit = 1;  ///< of the curve's times, in cycles
    std::unique_ptr<QueueCurve> queues;
  };
  Block& block(int rows, double density);

  EieShape shape_;
  std::map<std::pair<int, double>, Block> blocks_;
  std::map<std::tuple<int, double, int>, double> words_;
};

}  // namespace heddle::mapper
