#include "sim/array/eie/leading_non_zero.h"

#include <algorithm>
#include <limits>

#include "sim/array/eie/activation_queues.h"

namespace heddle::sim::eie {
namespace {

constexpr std::int32_t kNone = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t kChildren = 4;

}  // namespace

LeadingNonZero::LeadingNonZero(sc_core::sc_module_name name, std::size_t pes, const Clock& clock)
    : sc_module(name), clock_(clock) {
  tree_.emplace_back(pes, kNone);
  while (tree_.back().size() > 1)
    tree_.emplace_back((tree_.back().size() + kChildren - 1) / kChildren, kNone);
  SC_HAS_PROCESS(LeadingNonZero);
  SC_METHOD(edge);
  dont_initialize();
  sensitive << clock.edge();
}

void LeadingNonZero::begin(const std::vector<std::int16_t>& source, Cycle first_broadcast) {
  source_ = &source;
  first_broadcast_ = first_broadcast;
  for (std::size_t pe = 0; pe < tree_[0].size(); ++pe) {
    tree_[0][pe] = static_cast<std::int32_t>(pe) - static_cast<std::int32_t>(tree_[0].size());
    move_leaf(pe);
  }
  offer_.next(0) = leading();
}

/// The PE's next column that is not zero, and what follows from it up the tree.
void LeadingNonZero::move_leaf(std::size_t pe) {
  const auto columns = static_cast<std::int32_t>(source_->size());
  const auto pes = static_cast<std::int32_t>(tree_[0].size());
  std::int32_t column = tree_[0][pe] + pes;
  while (column < columns && (*source_)[static_cast<std::size_t>(column)] == 0) column += pes;
  tree_[0][pe] = column < columns ? column : kNone;
  for (std::size_t level = 0, node = pe; level + 1 < tree_.size(); ++level) {
    node /= kChildren;
    const auto first = tree_[level].begin() + static_cast<std::ptrdiff_t>(node * kChildren);
    const auto last = std::min(first + kChildren, tree_[level].end());
    tree_[level + 1][node] = *std::min_element(first, last);
  }
}

std::optional<Activation> LeadingNonZero::leading() {
  const std::int32_t column = tree_.back()[0];
  if (column == kNone) return std::nullopt;
  return Activation{column, (*source_)[static_cast<std::size_t>(column)]};
}

std::optional<Activation> LeadingNonZero::offer() const {
  return clock_.cycle() >= first_broadcast_ ? offer_[0] : std::nullopt;
}

void LeadingNonZero::edge() {
  const std::optional<Activation> taken = offer();
  if (!taken || !queues_->ready()) return;
  move_leaf(static_cast<std::size_t>(taken->column) % tree_[0].size());
  offer_.next(0) = leading();
}

}  // namespace heddle::sim::eie
