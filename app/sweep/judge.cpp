#include "app/sweep/judge.h"

#include <fmt/format.h>

#include <stdexcept>

#include "support/error.h"

namespace heddle::sweep {

Judge::Judge(const SweepFile& file, const Space& space) : file_(file), space_(space) {
  for (const Objective& objective : file.objectives) objectives_.emplace_back(objective.name);
  for (const std::string& budget : file.budgets) budgets_.emplace_back(budget);
}

std::optional<Verdict> Judge::judge(const Point& point, const StoredPoint& stored) const {
  if (stored.state != "done") return std::nullopt;
  const auto lookup = [&](const std::string& name) -> std::optional<Scalar> {
    if (const auto result = stored.results.find(name); result != stored.results.end())
      return result->get<double>();
    return space_.value(point, name);
  };
  const auto number = [&](const Expression& expression, const char* key) {
    try {
      return expression.number(lookup);
    } catch (const std::invalid_argument& error) {
      std::vector<std::string> known;
      for (const auto& [name, value] : stored.results.items()) known.push_back(name);
      std::string hint;
      for (const std::string& name : expression.names()) {
        if (!lookup(name)) hint = did_you_mean(name, known);
      }
      throw InputError(
          Problem{file_.name, 0, 0, key,
                  fmt::format("\"{}\": {}{}; expected arithmetic with results (latency, energy, edp, power, "
                              "area, accuracy where there are labels, any counter), axes and derived values",
                              expression.text(), error.what(), hint)});
    }
  };
  Verdict verdict;
  for (std::size_t i = 0; i < objectives_.size(); ++i) {
    const double value = number(objectives_[i], "objectives");
    verdict.objectives.push_back(value);
    verdict.costs.push_back(file_.objectives[i].maximize ? -value : value);
  }
  for (const Expression& budget : budgets_) verdict.within_budget &= number(budget, "budgets") != 0;
  return verdict;
}

}  // namespace heddle::sweep
