#include "app/report_mapping.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/report_table.h"
#include "app/table.h"
#include "arch/describe.h"

namespace heddle::app {
namespace {

using Align = Table::Align;

constexpr std::size_t kWidth = 110;

std::string picojoules(double pj) { return scaled(pj * 1e-12, "J"); }

/// Items one after the other, in lines of at most kWidth that begin with so many spaces.
std::string wrapped(const std::string& title, const std::vector<std::string>& items) {
  std::string text, line = title;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string item = items[i] + (i + 1 < items.size() ? "," : "");
    if (line.size() + 1 + item.size() > kWidth && line.size() > title.size()) {
      text += line + "\n";
      line = std::string(title.size(), ' ');
    }
    line += (line.find_last_not_of(' ') == std::string::npos && i == 0 ? "" : " ") + item;
  }
  return text + line + "\n";
}

std::string shape_text(const arch::LayerProblem& problem) {
  std::string text;
  for (const workload::Dim d : workload::kDims) {
    if (problem.shape.size[d] > 1)
      text += fmt::format("{}{}={}", text.empty() ? "" : " ", letter(d), problem.shape.size[d]);
  }
  return text.empty() ? "one product" : text;
}

std::string widths_text(const arch::LayerProblem& problem) {
  if (problem.shared) {
    return fmt::format("weights {} bit codes, {} not zero, inputs {} bit, {} not zero",
                       problem.shared->code_bits, percent(problem.shared->density), problem.input_bits,
                       percent(problem.input_density));
  }
  return fmt::format("weights {} bit{}, inputs {} bit", problem.weight_bits,
                     problem.sparsity ? fmt::format(" {}:{}", problem.sparsity->n, problem.sparsity->m) : "",
                     problem.input_bits);
}

std::string objective_of(const RunResult& run) {
  for (const auto& [key, value] : run.options) {
    if (key == "objective") return value;
  }
  return "edp";
}

/// How far above the least the mapping may be; nothing when the search knows no bound.
std::string gap_text(const mapper::Certificate& certificate) {
  if (certificate.proved) return "optimal";
  if (certificate.lower_bound <= 0) return "no bound";
  return fmt::format("within {}", percent(certificate.best / certificate.lower_bound - 1));
}

/// Has that objective's least of what?
std::string least_of(const std::string& objective) {
  if (objective == "energy") return "energy";
  return objective == "latency" ? "cycles" : "energy x delay";
}

std::string certificate_text(const MapResult& result, std::size_t index) {
  const mapper::Certificate& certificate = *result.run.layers[index].certificate;
  const std::string what = least_of(objective_of(result.run));
  std::string text = "  proof    ";
  if (certificate.proved) {
    text += fmt::format("no mapping has less {}", what);
  } else if (certificate.lower_bound > 0) {
    text += fmt::format("none: the least {} is at most {} lower", what,
                        percent(1 - certificate.lower_bound / certificate.best));
  } else {
    text += fmt::format("none: how much less {} there could be is not known", what);
  }
  text += fmt::format("; {} mappings, {} evaluated, {:.3g} s{}\n", count_text(certificate.space),
                      count_text(certificate.evaluated), certificate.seconds,
                      result.layers[index].cached ? " in an earlier run" : "");
  std::vector<std::string> removed;
  for (const auto& [reason, mappings] : certificate.removed) {
    if (mappings > 0) removed.push_back(fmt::format("{} {}", reason, count_text(mappings)));
  }
  return removed.empty() ? text : text + wrapped("  left out", removed);
}

std::string energy_text(const arch::Energy& energy) {
  std::vector<arch::Energy::Part> parts = energy.parts;
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& a, const auto& b) { return a.total > b.total; });
  std::vector<std::string> shares;
  for (const auto& part : parts) {
    if (part.total >= 0.0005 * energy.total)
      shares.push_back(fmt::format("{} {}", part.name, percent(part.total / energy.total)));
  }
  return wrapped(fmt::format("  energy   {}:", picojoules(energy.total)), shares);
}

}  // namespace

std::string count_text(mapper::Count count) {
  if (count < 10'000'000) return grouped(static_cast<std::int64_t>(count));
  return fmt::format("{:.2e}", static_cast<double>(count));
}

std::string mapped_layer(const MapResult& result, std::size_t index) {
  const LayerResult& layer = result.run.layers[index];
  const arch::LayerProblem& problem = result.layers[index].problem;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < result.layers.size(); ++i) {
    if (result.layers[i].solved_as == layer.name) names.push_back(result.run.layers[i].name);
  }
  std::string text = wrapped("", names);
  text += fmt::format("  {} {}: {} MACs, {}\n", layer.op, shape_text(problem), grouped(layer.macs),
                      widths_text(problem));
  text += arch::describe_nest(*layer.mapping, result.run.accelerator, &problem);
  text += fmt::format("  cycles   {}, utilization {}, bound by {}\n", grouped(layer.cycles.total),
                      percent(layer.utilization), layer.bound_by);
  return text + energy_text(layer.energy) + certificate_text(result, index);
}

std::string mapping_table(const MapResult& result) {
  Table table({{"layer", Align::left},
               {"op", Align::left},
               {"MACs"},
               {"cycles"},
               {"util"},
               {"energy"},
               {"bound by", Align::left},
               {"proof", Align::left}});
  for (const LayerResult& layer : result.run.layers) {
    table.row({layer.name, layer.op, grouped(layer.macs), grouped(layer.cycles.total),
               percent(layer.utilization), picojoules(layer.energy.total), layer.bound_by,
               gap_text(*layer.certificate)});
  }
  table.rule();
  const Totals total = result.run.totals();
  table.row({"total", "", grouped(total.macs), grouped(total.cycles), percent(total.utilization),
             picojoules(total.energy_pj), "", ""});
  return table.text();
}

std::string mapping_summary(const MapResult& result) {
  const RunResult& run = result.run;
  const Totals total = run.totals();
  std::size_t distinct = 0, cached = 0, proved = 0;
  for (std::size_t i = 0; i < result.layers.size(); ++i) {
    if (result.layers[i].solved_as != run.layers[i].name) continue;
    ++distinct;
    cached += result.layers[i].cached ? 1 : 0;
    proved += run.layers[i].certificate->proved ? 1 : 0;
  }
  std::string text;
  const auto line = [&](const std::string& title, const std::string& value) {
    text += fmt::format("{:<20}{}\n", title, value);
  };
  line("time", fmt::format("{} at {}, batch of {}", scaled(total.seconds, "s"),
                           scaled(run.accelerator.clock_hz, "Hz"), grouped(run.batch)));
  line("energy", fmt::format("{}; energy x delay {}", picojoules(total.energy_pj),
                             scaled(total.edp_pj_s * 1e-12, "J s")));
  line("mapped",
       fmt::format("{} layer{}, {} distinct ({} from the cache, {} proved for {}), in {:.3g} s on {} "
                   "thread{}",
                   run.layers.size(), run.layers.size() == 1 ? "" : "s", distinct, cached, proved,
                   objective_of(run), result.seconds, result.threads, result.threads == 1 ? "" : "s"));
  if (run.stay_on_chip) line("stay on chip", stay_text(*run.stay_on_chip));
  line("configuration",
       fmt::format("{} on {}, energy table {} {}, recipe {}, seed {}, heddle {}", run.network,
                   run.accelerator.name, run.energy_table, run.energy_table_version,
                   run.recipe.empty() ? "default" : run.recipe, run.seed, run.version));
  return text;
}

std::string report_mapping(const MapResult& result) {
  std::string text;
  for (std::size_t i = 0; i < result.layers.size(); ++i) {
    if (result.layers[i].solved_as == result.run.layers[i].name) text += mapped_layer(result, i) + "\n";
  }
  return text + mapping_table(result) + "\n" + mapping_summary(result);
}

}  // namespace heddle::app
