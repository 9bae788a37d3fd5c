// Points of a space by chance: drawn, changed a little, crossed with others. docs/searches.md tells what is
// drawn with which probability.
#pragma once

#include <vector>

#include "mapper/mapspace.h"
#include "workload/random.h"

namespace heddle::mapper {

/// For one space; one thread at a time. The same draws for the same seed on every machine.
class Moves {
 public:
  Moves(const Mapspace& space, std::uint64_t seed);

  /// A point, each of those whose axes and registers fit the array with the same probability. Where such
  /// points are so rare that drawing does not meet one, a point whose factors have been made small enough.
  Point draw();
  /// Mostly one thing, at times several: factors of a dimension move from one slot to another, another
  /// operand stays, an operand is kept or bypasses a level, a dimension's factors are drawn anew.
  void change(Point& point);
  /// Each dimension's factors from one of the parents, or the tiles of the inner slots from one and what is
  /// left from the other; what stays and what is kept level by level from one of them.
  Point cross(const Point& a, const Point& b);
  /// Less on chip: a factor of a memory level (of the registers, of an axis, when there are no others) moves
  /// outwards; in the end outputs stay so that no partial sums are held, and operands are bypassed. False
  /// when there is nothing left to make smaller.
  bool shrink(Point& point);

  /// Do the axes and the registers hold what the point asks of them (rules of docs/mapping.md)?
  bool fits_array(const Point& point) const;

  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  double uniform() { return random_.uniform(); }

 private:
  using Dim = workload::Dim;

  Count below_count(Count bound);
  bool draw_array(Point& point);
  void draw_rest(Point& point);
  void draw_chain(Point& point, Dim d);
  std::int64_t draw_factor(Dim d, int slot, std::int64_t count);
  /// The chain of the space whose factors are nearest to those wanted, from the axis outwards.
  Chain nearest(Dim d, const Chain& wanted) const;
  std::int64_t rest(const Point& point, Dim d) const;
  void shift_factor(Point& point);
  void step_factor(Point& point);
  void change_order(Point& point);
  void change_keep(Point& point);
  bool fits_axes(const Point& point, unsigned chosen) const;
  bool fits_registers(const Point& point, unsigned chosen) const;

  const Mapspace& space_;
  workload::RandomStream random_;
  std::vector<Dim> open_;         ///< dimensions with more than one chain
  std::vector<int> open_orders_;  ///< memory levels with a choice of what stays; -1: the registers
  std::vector<int> open_keeps_;   ///< memory levels with a choice of what is kept
  std::int64_t lanes_, positions_;
  int weight_bits_;
};

}  // namespace heddle::mapper
