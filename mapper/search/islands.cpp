#include "mapper/search/islands.h"

#include <fmt/format.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <limits>
#include <memory>

#include "support/error.h"

namespace heddle::mapper {
namespace {

constexpr std::size_t kIslands = 16;  ///< when the budget is a number of evaluations
constexpr int kDrawsBeforeRepair = 30;
constexpr double kSecondsByDefault = 1;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

Island::Island(const Mapspace& space, const arch::EnergyTable& table, Objective objective, std::uint64_t seed,
               const Budget& budget)
    : space_(space),
      scorer_(space_, table, objective),
      moves_(space_, seed),
      budget_(budget),
      value_(kInfinity) {}

bool Island::spent() const {
  return scores().total() >= static_cast<Count>(budget_.points) ||
         (budget_.end != Clock::time_point::max() && Clock::now() >= budget_.end);
}

std::optional<double> Island::look_at(const Point& point, double beat) {
  const std::optional<Cost> cost = scorer_.cost_below(point, beat);
  if (!cost) return std::nullopt;
  const double reached = value(scorer_.objective(), *cost);
  if (reached < value_) {
    found_ = true;
    best_ = point;
    cost_ = *cost;
    value_ = reached;
  }
  return reached;
}

std::optional<std::pair<Point, double>> Island::legal_point() {
  Point point;
  for (int i = 0; i < kDrawsBeforeRepair; ++i) {
    point = moves_.draw();
    if (const auto reached = look_at(point, kInfinity)) return std::pair{point, *reached};
    if (spent()) break;
  }
  // The last resort of a search that would end with nothing: it may take longer than the budget.
  if (spent() && found_) return std::nullopt;
  while (!scorer_.is_legal(point)) {
    if (!moves_.shrink(point)) {
      reasons_ = scorer_.reasons(point);
      return std::nullopt;
    }
  }
  const auto reached = look_at(point, kInfinity);
  return reached ? std::optional(std::pair{point, *reached}) : std::nullopt;
}

Found search_islands(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options,
                     const std::function<void(Island&)>& search) {
  const auto begin = Island::Clock::now();
  Island::Budget budget;
  const double seconds = options.seconds > 0 || options.evaluations > 0 ? options.seconds : kSecondsByDefault;
  if (seconds > 0 && seconds < 1e9) {
    budget.end =
        begin + std::chrono::duration_cast<Island::Clock::duration>(std::chrono::duration<double>(seconds));
  }
  const std::size_t number =
      options.evaluations > 0 ? kIslands : static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
  std::vector<std::unique_ptr<Island>> islands(number);
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>(0, number, 1),
      [&](const tbb::blocked_range<std::size_t>& range) {
        for (std::size_t i = range.begin(); i < range.end(); ++i) {
          Island::Budget share = budget;
          if (options.evaluations > 0) {
            const auto islands_here = static_cast<std::int64_t>(number);
            share.points =
                (options.evaluations + islands_here - 1 - static_cast<std::int64_t>(i)) / islands_here;
            if (share.points == 0) continue;
          }
          workload::RandomStream seeds(options.seed);
          std::uint64_t seed = seeds.next();
          for (std::size_t skipped = 0; skipped < i; ++skipped) seed = seeds.next();
          islands[i] = std::make_unique<Island>(space, table, options.objective, seed, share);
          search(*islands[i]);
          if (!islands[i]->found()) islands[i]->legal_point();
        }
      },
      tbb::simple_partitioner());

  const Island* best = nullptr;
  Scores scores;
  std::string reasons;
  for (const auto& island : islands) {
    if (!island) continue;
    scores.add(island->scores());
    if (reasons.empty()) reasons = island->reasons();
    if (island->found() && (!best || island->best_value() < best->best_value())) best = island.get();
  }
  if (!best) {
    throw InputError(space.accelerator().name, fmt::format("no legal mapping of layer {} was found: {}",
                                                           space.problem().name, reasons));
  }
  Found found;
  found.point = best->best();
  found.cost = best->cost();
  Certificate& certificate = found.certificate;
  certificate.best = best->best_value();
  certificate.space = space.size();
  certificate.evaluated = scores.evaluated;
  certificate.removed = {{"illegal", scores.illegal}, {"bound", scores.bound}};
  certificate.seconds = std::chrono::duration<double>(Island::Clock::now() - begin).count();
  return found;
}

}  // namespace heddle::mapper
