// Constraint files: docs/constraints.md.
#include "mapper/constraints.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "mapper/mapspace.h"
#include "support/yaml.h"

namespace heddle::mapper {
namespace {

using workload::Dim;
using workload::kDims;
using workload::Operand;
using workload::PerDim;

constexpr std::int64_t kLargestFactor = std::int64_t{1} << 31;
const std::vector<std::string> kOperandNames = {"weights", "inputs", "outputs"};

Operand operand_named(const std::string& text) {
  for (Operand operand : workload::kOperands) {
    if (name(operand) == text) return operand;
  }
  return Operand::weights;  // no operand: one_of() has noted it
}

/// "M 4" or "C all".
std::optional<std::pair<Dim, std::int64_t>> factor_of(const std::string& text) {
  const auto dim = workload::dim_of(std::string_view(text).substr(0, 1));
  const std::size_t start = text.find_first_not_of(' ', 1);
  if (!dim || start == std::string::npos || start < 2) return std::nullopt;
  if (text.substr(start) == "all") return std::pair{*dim, kAllThatIsLeft};
  std::int64_t factor = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + start, last, factor);
  if (error != std::errc{} || end != last || factor < 1 || factor > kLargestFactor) return std::nullopt;
  return std::pair{*dim, factor};
}

using Factor = PerDim<std::optional<std::int64_t>>;

/// Adds the list under `factors` to `result`. `whole_groups`: G has no loop here.
void read_factors(const yaml::Value& level, Factor& result, bool whole_groups) {
  const auto list = level.optional("factors");
  if (!list) return;
  PerDim<bool> seen{false};
  for (const yaml::Value& element : list->elements()) {
    const std::string text = element.text();
    if (!element.is_scalar()) continue;  // noted by text()
    const auto factor = factor_of(text);
    if (!factor) {
      element.problem(
          fmt::format("expected a factor such as \"M 4\" or \"C all\", a dimension of N G M C P Q R "
                      "S and a number from 1 to {}, got \"{}\"",
                      kLargestFactor, text));
      continue;
    }
    const auto [dim, value] = *factor;
    if (seen[dim]) element.problem(fmt::format("{} is given twice", letter(dim)));
    if (whole_groups && dim == Dim::G && value != 1)
      element.problem("G has loops at memory levels only, expected \"G 1\" or nothing");
    seen[dim] = true;
    result[dim] = value;
  }
}

/// Dimensions of a list, each once.
std::vector<Dim> read_dims(const yaml::Value& list, std::string_view allowed, const char* why) {
  std::vector<Dim> dims;
  for (const yaml::Value& element : list.elements()) {
    const std::string text = element.text();
    if (!element.is_scalar()) continue;
    const auto dim = workload::dim_of(text);
    if (!dim || allowed.find(letter(*dim)) == std::string_view::npos) {
      element.problem(fmt::format("expected {}, got \"{}\"", why, text));
    } else if (std::find(dims.begin(), dims.end(), *dim) != dims.end()) {
      element.problem(fmt::format("{} is listed twice", text));
    } else {
      dims.push_back(*dim);
    }
  }
  return dims;
}

/// The key's dimensions, outermost first, behind all that it does not list.
void read_order(const yaml::Value& level, bool registers, LevelConstraint& result) {
  const auto list = level.optional("order");
  if (!list) return;
  const std::vector<Dim> dims = read_dims(*list, "NGMCPQRS", "a dimension of N G M C P Q R S");
  if (dims.empty()) {
    if (list->is_list() && list->elements().empty())
      list->problem(
          "expected dimensions of N G M C P Q R S, outermost first; leave the key out for any order");
    return;
  }
  const Dim last = dims.back();
  if (last == Dim::G || (registers && reuser(last) == Operand::outputs)) {
    list->problem(
        fmt::format("{} cannot be innermost: no operand stays over it{}; expected {} last", letter(last),
                    registers ? " in a pass, whose accumulators hold all its outputs" : "",
                    registers ? "N, P, Q (weights stay) or M (inputs stay)"
                              : "N, P, Q (weights stay), M (inputs stay) or C, R, S (outputs stay)"));
    return;
  }
  if (result.stationary && *result.stationary != reuser(last)) {
    list->problem(fmt::format("ends with {}, over which {} stay, but {} are to be stationary", letter(last),
                              name(reuser(last)), name(*result.stationary)));
  }
  result.order.clear();
  for (Dim d : kDims) {
    if (std::find(dims.begin(), dims.end(), d) == dims.end()) result.order.push_back(d);
  }
  result.order.insert(result.order.end(), dims.begin(), dims.end());
}

/// `stationary` and `order`: either replaces what `result` has of the other.
void read_stays(const yaml::Value& level, bool registers, LevelConstraint& result) {
  const auto stationary = level.optional("stationary");
  if (stationary || level.has("order")) {
    result.stationary.reset();
    result.order.clear();
  }
  if (stationary) {
    const std::vector<std::string> choices =
        registers ? std::vector<std::string>{"weights", "inputs"} : kOperandNames;
    result.stationary = operand_named(stationary->one_of(choices));
  }
  read_order(level, registers, result);
}

void read_keep(const yaml::Value& level, bool outermost, LevelConstraint& result) {
  workload::PerOperand<bool> seen{};
  for (const bool kept : {true, false}) {
    const auto list = level.optional(kept ? "keep" : "bypass");
    if (!list) continue;
    for (const yaml::Value& element : list->elements()) {
      const std::size_t before = element.problem_count();
      const Operand operand = operand_named(element.one_of(kOperandNames));
      if (element.problem_count() > before) continue;
      if (seen[operand]) element.problem(fmt::format("\"{}\" is listed twice", name(operand)));
      if (!kept && outermost) element.problem("the outermost level holds every tensor");
      seen[operand] = true;
      result.keep[operand] = kept;
    }
  }
}

/// What the array's entry fixes: the factors of its axes, and for an axis with a list the dimensions that may
/// be spread over it.
void read_array(const yaml::Value& level, Constraints& constraints) {
  level.only_keys({"level", "factors", "rows", "columns", "lanes"});
  read_factors(level, constraints.axes, true);
  struct Axis {
    const char *key, *dims, *expected;
  };
  for (const Axis& axis : {Axis{"rows", "M", "M: rows differ in output channels"},
                           Axis{"columns", "NPQ", "N, P or Q: columns differ in output positions"},
                           Axis{"lanes", "CRS", "C, R or S: lanes are summed"}}) {
    const auto list = level.optional(axis.key);
    if (!list) continue;
    const std::vector<Dim> listed = read_dims(*list, axis.dims, axis.expected);
    for (Dim d : kDims) {
      if (std::string_view(axis.dims).find(letter(d)) == std::string_view::npos) continue;
      if (std::find(listed.begin(), listed.end(), d) != listed.end()) continue;
      if (constraints.axes[d] && *constraints.axes[d] != 1) {
        list->problem(fmt::format("does not list {}, which the factors spread", letter(d)));
      }
      constraints.axes[d] = 1;
    }
  }
}

class Reader {
 public:
  Reader(const yaml::Value& root, const arch::Accelerator& accelerator)
      : root_(root), accelerator_(accelerator), named_(accelerator.memory.size(), false) {
    result_.memory.resize(accelerator.memory.size());
  }

  Constraints read() {
    root_.only_keys({"name", "factors", "utilization", "levels"});
    result_.name = root_.required("name").text();
    if (const auto factors = root_.optional("factors")) {
      const std::string text = factors->one_of({"perfect", "ragged_axes", "ragged"});
      result_.factors = text == "perfect"  ? Factors::perfect
                        : text == "ragged" ? Factors::ragged
                                           : Factors::ragged_axes;
    }
    if (const auto utilization = root_.optional("utilization"))
      result_.least_utilization = utilization->number(0, 1);
    const auto levels = root_.optional("levels");
    if (!levels) return result_;
    const std::vector<yaml::Value> entries = levels->elements();
    // `buffers` speaks for all of them; a level's own entry has the last word.
    for (const bool own : {false, true}) {
      for (const yaml::Value& level : entries) {
        const yaml::Value named = own ? level.required("level") : level.optional("level").value_or(level);
        const bool all = named.is_scalar() && named.text() == "buffers" && !is_memory("buffers");
        if (all != own) read_level(level, named);
      }
    }
    return result_;
  }

 private:
  bool is_memory(const std::string& name) const {
    return std::any_of(accelerator_.memory.begin(), accelerator_.memory.end(),
                       [&](const arch::MemoryLevel& memory) { return memory.name == name; });
  }

  void read_level(const yaml::Value& level, const yaml::Value& named) {
    if (!named.is_scalar()) {
      if (level.is_map() && level.has("level")) named.text();  // notes that it is no name
      return;
    }
    const std::string name = named.text();
    std::optional<std::size_t> memory;
    for (std::size_t i = 0; i < accelerator_.memory.size(); ++i) {
      if (accelerator_.memory[i].name == name) memory = i;
    }
    if (!memory && name == "outermost") memory = 0;
    if (!memory && name == "innermost") memory = accelerator_.memory.size() - 1;
    if (memory) {
      if (named_[*memory]) {
        named.problem(fmt::format("{} has been given already, expected each level once",
                                  accelerator_.memory[*memory].name));
      }
      named_[*memory] = true;
      read_memory(level, *memory);
    } else if (name == "buffers") {
      once(named, buffers_given_);
      if (accelerator_.memory.size() == 1) {
        LevelConstraint unused;
        read_memory(level, 1, unused);  // for its mistakes
      }
      for (std::size_t i = 1; i < accelerator_.memory.size(); ++i) {
        const std::size_t before = level.problem_count();
        read_memory(level, i);
        if (level.problem_count() > before) break;  // the same mistakes again
      }
    } else if (name == "array") {
      once(named, array_given_);
      read_array(level, result_);
    } else if (name == "registers") {
      once(named, registers_given_);
      level.only_keys({"level", "stationary", "order", "factors"});
      read_stays(level, true, result_.registers);
      read_factors(level, result_.registers.factor, true);
    } else {
      std::vector<std::string> known;
      for (const arch::MemoryLevel& each : accelerator_.memory) known.push_back(each.name);
      known.insert(known.end(), {"outermost", "buffers", "innermost", "array", "registers"});
      named.problem(fmt::format("{} has no level \"{}\"{}; expected one of {}", accelerator_.name, name,
                                did_you_mean(name, known), fmt::join(known, ", ")));
    }
  }

  static void once(const yaml::Value& named, bool& given) {
    if (given) named.problem("has been given already, expected each level once");
    given = true;
  }

  void read_memory(const yaml::Value& level, std::size_t index) {
    read_memory(level, index, result_.memory[index]);
  }
  static void read_memory(const yaml::Value& level, std::size_t index, LevelConstraint& result) {
    level.only_keys({"level", "stationary", "order", "keep", "bypass", "factors"});
    read_stays(level, false, result);
    read_keep(level, index == 0, result);
    read_factors(level, result.factor, false);
  }

  yaml::Value root_;
  const arch::Accelerator& accelerator_;
  Constraints result_;
  std::vector<bool> named_;  ///< memory levels with an entry of their own
  bool buffers_given_ = false, array_given_ = false, registers_given_ = false;
};

}  // namespace

bool restricts(const Constraints& constraints) {
  const auto any = [](const PerDim<std::optional<std::int64_t>>& factors) {
    return std::any_of(workload::kDims.begin(), workload::kDims.end(),
                       [&](Dim d) { return factors[d].has_value(); });
  };
  const auto fixes = [&](const LevelConstraint& level) {
    return level.stationary || !level.order.empty() || any(level.factor) ||
           std::any_of(workload::kOperands.begin(), workload::kOperands.end(),
                       [&](Operand operand) { return level.keep[operand].has_value(); });
  };
  return constraints.least_utilization > 0 || any(constraints.axes) || fixes(constraints.registers) ||
         std::any_of(constraints.memory.begin(), constraints.memory.end(), fixes);
}

Constraints read_constraints(const std::filesystem::path& file, const arch::Accelerator& accelerator) {
  return read_constraints(yaml::Document::load(file), accelerator);
}

Constraints read_constraints(const yaml::Document& document, const arch::Accelerator& accelerator) {
  Constraints result = Reader(document.root(), accelerator).read();
  document.finish();
  return result;
}

}  // namespace heddle::mapper
