// What a sweep prints.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/sweep/evaluate.h"
#include "app/sweep/results.h"
#include "app/table.h"

namespace heddle::sweep {
namespace {

using Align = app::Table::Align;

constexpr std::size_t kMostRows = 40;  ///< of one front

/// Picojoules and seconds with the prefix that fits.
std::string shown(double value, const std::string& unit) {
  if (unit == "pJ") return app::scaled(value * 1e-12, "J");
  if (unit == "s" || unit == "W" || unit == "pJ s") return app::scaled(value, unit);
  return fmt::format("{:.4g}{}{}", value, unit.empty() ? "" : " ", unit == "mm2" ? "mm²" : unit);
}

/// Axes with one value only would be a column of equal cells.
std::vector<std::size_t> shown_axes(const std::vector<Axis>& axes) {
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto& keys = axes[i].keys;
    const bool workload = std::find(keys.begin(), keys.end(), "network") != keys.end();
    if (axes[i].choices.size() > 1 && !workload) shown.push_back(i);
  }
  return shown;
}

std::string front_table(const SweepFile& file, const std::vector<const Candidate*>& points) {
  const std::vector<std::size_t> axes = shown_axes(file.axes);
  std::vector<app::Table::Column> columns;
  for (const std::size_t axis : axes) columns.push_back({file.axes[axis].name, Align::right});
  for (const Objective& objective : file.objectives) columns.push_back({objective.name, Align::right});
  app::Table table(columns);
  for (std::size_t i = 0; i < std::min(points.size(), kMostRows); ++i) {
    std::vector<std::string> cells;
    for (const std::size_t axis : axes)
      cells.push_back(text_of(file.axes[axis].choices[points[i]->point[axis]].label));
    for (std::size_t o = 0; o < file.objectives.size(); ++o)
      cells.push_back(shown(points[i]->verdict->objectives[o], unit_of(file.objectives[o].name)));
    table.row(std::move(cells));
  }
  std::string text = table.text();
  if (points.size() > kMostRows)
    text += fmt::format("... and {} more: results.csv has all\n", points.size() - kMostRows);
  return text;
}

std::string fronts_text(const SweepFile& file, const Campaign& campaign) {
  std::map<std::string, std::vector<const Candidate*>> fronts;
  std::map<std::string, std::size_t> done;
  for (const Candidate& candidate : campaign.candidates()) {
    if (candidate.verdict) ++done[candidate.workload];
    if (candidate.front) fronts[candidate.workload].push_back(&candidate);
  }
  std::string text;
  for (auto& [workload, points] : fronts) {
    std::stable_sort(points.begin(), points.end(), [](const Candidate* a, const Candidate* b) {
      return a->verdict->costs < b->verdict->costs;
    });
    text += fmt::format("{}: {} of {} points are on the front\n\n{}\n", workload, points.size(),
                        done[workload], front_table(file, points));
  }
  return text;
}

std::string refinement_text(const SweepFile& file, const RefinementResult& refinement) {
  if (!file.refine) return "";
  std::size_t failed = 0;
  for (const Comparison& point : refinement.points) failed += point.measured ? 0 : 1;
  std::string text = fmt::format("{} points on or near the fronts were simulated ({})",
                                 refinement.points.size(), file.refine->fidelity);
  if (failed > 0) text += fmt::format(", {} of them failed", failed);
  if (refinement.left_out > 0)
    text += fmt::format("; {} more were left out (refine.most)", refinement.left_out);
  text += "\n\n";
  app::Table table(
      {{"network", Align::left}, {"objective", Align::left}, {"largest difference"}, {"pairs in order"}});
  for (const Order& order : refinement.orders) {
    table.row({order.workload, order.objective, fmt::format("{:.3g} %", 100 * order.largest_difference),
               fmt::format("{} of {}", order.kept, order.pairs)});
  }
  return text + table.text() + "\n";
}

std::string search_text(const std::vector<Volume>& volumes) {
  if (volumes.empty()) return "";
  std::map<std::pair<std::string, std::string>, const Volume*> last;
  for (const Volume& volume : volumes) last[{volume.workload, volume.method}] = &volume;
  app::Table table({{"network", Align::left}, {"method", Align::left}, {"points"}, {"hypervolume"}});
  for (const auto& [key, volume] : last)
    table.row({key.first, key.second, app::grouped(volume->evaluations),
               fmt::format("{:.4f}", volume->hypervolume)});
  return table.text() + "\n";
}

}  // namespace

std::string results_table(const SweepFile& file, const Campaign& campaign, const RefinementResult& refinement,
                          const std::vector<Volume>& volumes, const Session& session) {
  std::string text = fronts_text(file, campaign) + search_text(volumes) + refinement_text(file, refinement);
  std::map<std::string, std::size_t> failed;  // by message
  std::size_t over = 0;
  for (const Candidate& candidate : campaign.candidates()) {
    if (candidate.verdict && !candidate.verdict->within_budget) ++over;
  }
  if (over > 0) text += fmt::format("{} points are over budget\n", over);
  text += fmt::format(
      "{} points: {} worked out in {:.1f} s ({:.3g} a second, {} workers), {} were in the database",
      app::grouped(session.computed + session.reused), app::grouped(session.computed), session.seconds,
      session.seconds > 0 ? static_cast<double>(session.computed) / session.seconds : 0, session.workers,
      app::grouped(session.reused));
  if (session.failed > 0) text += fmt::format("; {} failed, and say why in the results", session.failed);
  if (session.layers > 0) {
    text +=
        fmt::format("\n{} layers mapped, {} of them taken from the cache", app::grouped(session.layers),
                    app::percent(static_cast<double>(session.cached) / static_cast<double>(session.layers)));
  }
  return text + "\n";
}

}  // namespace heddle::sweep
