#include "rtl/lockstep.h"

#include <fmt/format.h>

#include <algorithm>

#include "arch/legality.h"

namespace heddle::rtl {

using workload::Dim;

std::vector<std::size_t> result_order(const sim::LayerProgram& program, const sim::Tile& pass) {
  // The places of one dimension: outer steps of the axes' extent, and those within.
  const workload::PerDim<std::int64_t> axes =
      program.eie ? pass.extent : arch::spatial_extent(program.mapping);
  const auto& e = pass.extent;
  const auto steps = [&](Dim d) { return (e[d] + axes[d] - 1) / axes[d]; };
  const auto within = [&](Dim d, std::int64_t step) { return std::min(axes[d], e[d] - step * axes[d]); };
  std::vector<std::size_t> order;
  order.reserve(static_cast<std::size_t>(e[Dim::N] * e[Dim::G] * e[Dim::M] * e[Dim::P] * e[Dim::Q]));
  for (std::int64_t n = 0; n < steps(Dim::N); ++n)
    for (std::int64_t g = 0; g < steps(Dim::G); ++g)
      for (std::int64_t m = 0; m < steps(Dim::M); ++m)
        for (std::int64_t p = 0; p < steps(Dim::P); ++p)
          for (std::int64_t q = 0; q < steps(Dim::Q); ++q)
            for (std::int64_t row = 0; row < within(Dim::M, m); ++row)
              for (std::int64_t cn = 0; cn < within(Dim::N, n); ++cn)
                for (std::int64_t cp = 0; cp < within(Dim::P, p); ++cp)
                  for (std::int64_t cq = 0; cq < within(Dim::Q, q); ++cq) {
                    std::int64_t index = n * axes[Dim::N] + cn;
                    index = index * e[Dim::G] + g * axes[Dim::G];
                    index = index * e[Dim::M] + m * axes[Dim::M] + row;
                    index = index * e[Dim::P] + p * axes[Dim::P] + cp;
                    index = index * e[Dim::Q] + q * axes[Dim::Q] + cq;
                    order.push_back(static_cast<std::size_t>(index));
                  }
  return order;
}

Lockstep::Lockstep(const Device& device, std::int64_t pes, std::int64_t output_port, int sum_bits,
                   bool strict)
    : pes_(pes),
      output_port_(output_port),
      sum_bits_(sum_bits),
      strict_(strict),
      results_valid_(device.signal("results_valid_o")),
      results_ready_(device.signal("results_ready_i")),
      results_data_(device.signal("results_data_o")),
      results_last_(device.signal("results_last_o")) {
  const auto watch_level = [&](Level level, const char* signal) {
    levels_[static_cast<std::size_t>(level)] = {true, device.signal(signal), false, {}};
  };
  const auto watch_event = [&](Event event, const char* signal) {
    events_[static_cast<std::size_t>(event)] = {true, device.signal(signal), {}};
  };
  watch_level(Level::pass_ready, "pass_ready_o");
  watch_level(Level::inputs_ready, "inputs_ready_o");
  watch_level(Level::sums_ready, "sums_ready_o");
  watch_level(Level::results_valid, "results_valid_o");
  if (pes == 0) {
    watch_level(Level::weights_ready, "weights_ready_o");
    watch_event(Event::issue, "evt_issue_o");
    watch_event(Event::multiplies, "evt_multiplies_o");
    watch_event(Event::gated, "evt_gated_o");
  } else {
    watch_event(Event::start, "evt_start_o");
    watch_event(Event::last, "evt_last_o");
  }
}

void Lockstep::begin_layer(const sim::LayerProgram& program) {
  program_ = &program;
  begin_ = sim::now();
  for (WatchedLevel& level : levels_) {
    level.high = false;
    level.changes.clear();
  }
  for (WatchedEvent& event : events_) event.amounts.clear();
  banks_.clear();
  passes_.clear();
}

void Lockstep::set(Level level, bool high, sim::Cycle from) {
  WatchedLevel& watched = levels_[static_cast<std::size_t>(level)];
  if (watched.watched) watched.changes.push_back({from, high});
}

void Lockstep::accepted(const sim::Pass& pass, sim::Cycle at) {
  passes_.emplace_back(at, pass);
  if (passes_.size() > 64) passes_.pop_front();
}

void Lockstep::event(Event event, sim::Cycle at, std::int64_t amount, std::size_t /*pe*/) {
  WatchedEvent& watched = events_[static_cast<std::size_t>(event)];
  if (watched.watched) watched.amounts.push_back({at, amount});
}

void Lockstep::results(const sim::Pass& pass, const std::vector<std::int64_t>& sums) {
  Bank bank{pass, {}, result_order(*program_, pass.tile), 0};
  bank.sums.reserve(sums.size());
  for (const std::size_t index : bank.indices) bank.sums.push_back(sums[index]);
  banks_.push_back(std::move(bank));
}

namespace {

std::string tile_text(const sim::Tile& tile) {
  std::string text;
  for (const Dim d : workload::kDims) {
    if (tile.extent[d] == 1 && tile.start[d] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", workload::letter(d), tile.start[d]);
    if (tile.extent[d] > 1) text += fmt::format("-{}", tile.end(d) - 1);
  }
  return text;
}

}  // namespace

Difference Lockstep::found(Cycle cycle, const std::string& signal) const {
  Difference difference;
  difference.layer = layer_;
  difference.cycle = cycle - begin_;
  difference.signal = signal;
  for (const auto& [at, pass] : passes_) {
    if (at > cycle) break;
    difference.pass = pass.number;
    difference.tile = tile_text(pass.tile);
  }
  return difference;
}

void Lockstep::differ(Difference difference) {
  if (difference.layer.empty()) difference.layer = layer_;
  if (!difference_) difference_ = difference;
  throw Mismatch(difference);
}

void Lockstep::compare(Cycle cycle, const Signal& signal, std::int64_t expected, std::int64_t got) {
  ++agreement_.ports;
  if (expected == got) return;
  Difference difference = found(cycle, signal.name());
  difference.expected = std::to_string(expected);
  difference.got = std::to_string(got);
  differ(std::move(difference));
}

std::string Lockstep::pe_of(const Bank& bank, std::size_t result) const {
  if (pes_ > 0) return std::to_string(static_cast<std::int64_t>(result) % pes_);
  const auto& e = bank.pass.tile.extent;
  const auto axes = arch::spatial_extent(program_->mapping);
  auto rest = static_cast<std::int64_t>(bank.indices[result]);
  const auto next = [&](Dim d) {
    const std::int64_t x = rest % e[d];
    rest /= e[d];
    return x % axes[d];
  };
  const std::int64_t q = next(Dim::Q), p = next(Dim::P), m = next(Dim::M);
  next(Dim::G);
  const std::int64_t n = next(Dim::N);
  return fmt::format("row {}, column {}", m, (n * axes[Dim::P] + p) * axes[Dim::Q] + q);
}

/// A beat of results leaves in this cycle.
void Lockstep::compare_results(Cycle cycle) {
  if (banks_.empty()) {
    Difference difference = found(cycle, results_valid_.name());
    difference.expected = "no results";
    difference.got = "a beat of them";
    differ(std::move(difference));
  }
  Bank& bank = banks_.front();
  for (std::int64_t i = 0; i < output_port_ && bank.next < bank.sums.size(); ++i, ++bank.next) {
    ++agreement_.results;
    const std::int64_t got = results_data_.get_signed(static_cast<std::size_t>(i * sum_bits_), sum_bits_);
    if (got == bank.sums[bank.next]) continue;
    Difference difference = found(cycle, fmt::format("{}[{}]", results_data_.name(), i));
    difference.pass = bank.pass.number;
    difference.tile = tile_text(bank.pass.tile);
    difference.pe = pe_of(bank, bank.next);
    difference.expected = std::to_string(bank.sums[bank.next]);
    difference.got = std::to_string(got);
    differ(std::move(difference));
  }
  const bool last = bank.next == bank.sums.size();
  compare(cycle, results_last_, last ? 1 : 0, results_last_.high() ? 1 : 0);
  if (last) banks_.pop_front();
}

void Lockstep::sample(Cycle cycle, const Device& device) {
  if (const std::string failures = device.failures(); !failures.empty()) {
    Difference difference = found(cycle - 1, "an assertion");
    difference.expected = "to hold";
    difference.got = failures.substr(0, failures.find('\n'));
    differ(std::move(difference));
  }
  ++agreement_.cycles;
  ++agreement_.clocked;
  if (results_valid_.high() && results_ready_.high()) compare_results(cycle);
  if (!strict_) return;
  for (WatchedLevel& level : levels_) {
    if (!level.watched) continue;
    while (!level.changes.empty() && level.changes.front().from <= cycle) {
      level.high = level.changes.front().high;
      level.changes.pop_front();
    }
    compare(cycle, level.signal, level.high ? 1 : 0, level.signal.high() ? 1 : 0);
  }
  for (WatchedEvent& event : events_) {
    if (!event.watched) continue;
    std::int64_t expected = 0;
    if (!event.amounts.empty() && event.amounts.front().at == cycle) {
      expected = event.amounts.front().amount;
      event.amounts.pop_front();
    }
    compare(cycle, event.signal, expected, static_cast<std::int64_t>(event.signal.get()));
  }
}

void Lockstep::rest(Cycle begin, Cycle end, const Device& /*device*/) {
  agreement_.cycles += end - begin;
  if (!strict_) return;
  for (WatchedLevel& level : levels_) {
    if (!level.watched) continue;
    bool expected = level.high, same = expected == level.signal.high();
    Cycle at = begin;
    while (!level.changes.empty() && level.changes.front().from < end) {
      expected = level.high = level.changes.front().high;
      if (same && expected != level.signal.high()) {
        same = false;
        at = std::max(begin, level.changes.front().from);
      }
      level.changes.pop_front();
    }
    if (!same) compare(at, level.signal, level.signal.high() ? 0 : 1, level.signal.high() ? 1 : 0);
    agreement_.ports += end - begin;
  }
}

void Lockstep::end(const Device& /*device*/) {
  for (const WatchedEvent& event : events_) {
    if (strict_ && event.watched && !event.amounts.empty())
      compare(event.amounts.front().at, event.signal, event.amounts.front().amount, 0);
  }
  if (banks_.empty()) return;
  Difference difference = found(sim::now(), results_valid_.name());
  difference.expected = fmt::format("{} more results", banks_.front().sums.size() - banks_.front().next);
  difference.got = "none";
  differ(std::move(difference));
}

}  // namespace heddle::rtl
