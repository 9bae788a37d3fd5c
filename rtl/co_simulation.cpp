#include "rtl/co_simulation.h"

#include "rtl/dot_array/dot_driver.h"
#include "rtl/eie_array/eie_driver.h"

namespace heddle::rtl {
namespace {

/// Cycles before a difference that its waveform shows.
constexpr Cycle kWaveCycles = 64;

}  // namespace

CoSimulation::CoSimulation(const std::string& name, const arch::Accelerator& accelerator,
                           std::unique_ptr<Model> array, std::unique_ptr<Model> ppu,
                           CoSimulationOptions options)
    : options_(std::move(options)),
      device_(std::move(array)),
      lockstep_(device_, accelerator.array.eie ? accelerator.array.rows : 0, accelerator.array.ports.outputs,
                accelerator.array.bits.accumulators, !options_.relaxed),
      lanes_(std::move(ppu), accelerator.array, options_.with_model ? &lockstep_ : nullptr, gaps_) {
  sim::Equipment equipment;
  if (options_.with_model) {
    equipment.watcher = &lockstep_;
    model_ = std::make_unique<sim::Accelerator>((name + "_model").c_str(), accelerator,
                                                sim::Fidelity::clocked, equipment);
  }
  equipment.watcher = nullptr;
  equipment.lanes = &lanes_;
  equipment.array = [this, &accelerator](const arch::ArrayUnit&, const sim::Socket& socket) {
    return make_array(accelerator, socket);
  };
  rtl_ = std::make_unique<sim::Accelerator>((name + "_rtl").c_str(), accelerator, sim::Fidelity::clocked,
                                            equipment);
}

std::unique_ptr<sim::ArrayUnit> CoSimulation::make_array(const arch::Accelerator& accelerator,
                                                         const sim::Socket& socket) {
  Lockstep* const lockstep = options_.with_model ? &lockstep_ : nullptr;
  if (accelerator.array.eie)
    return std::make_unique<EieDriver>("array", accelerator, socket, device_, lockstep, gaps_);
  return std::make_unique<DotDriver>("array", accelerator.array, socket, device_, lockstep, gaps_);
}

void CoSimulation::set_back_pressure(std::optional<std::uint64_t> seed) {
  gaps_.reset();
  std::optional<sim::BackPressure> back_pressure;
  if (seed) {
    gaps_.emplace(*seed);
    const double share = 0.1 * static_cast<double>(*seed % 6);
    back_pressure.emplace(*seed, share, 1 + static_cast<sim::Cycle>(*seed / 6 % 9));
  }
  if (model_) model_->set_back_pressure(back_pressure);
  rtl_->set_back_pressure(back_pressure);
}

void CoSimulation::stop(Difference difference) {
  if (!options_.waves.empty() && difference.waves.empty()) {
    device_.write_waves(options_.waves, kWaveCycles);
    difference.waves = options_.waves.string();
  }
  throw Mismatch(difference);
}

namespace {

/// Two numbers that a layer ends with.
void compare_number(Agreement& agreement, const std::string& what, std::int64_t expected, std::int64_t got,
                    std::optional<Difference>& difference) {
  ++agreement.events;
  if (expected == got || difference) return;
  difference.emplace();
  difference->signal = what;
  difference->expected = std::to_string(expected);
  difference->got = std::to_string(got);
}

}  // namespace

void CoSimulation::compare(const sim::LayerOutcome& model, const sim::LayerOutcome& rtl) {
  Agreement& agreement = lockstep_.agreement();
  std::optional<Difference> difference;
  for (std::size_t i = 0; i < model.output.size(); ++i) {
    if (model.output[i] == rtl.output[i]) continue;
    difference.emplace();
    difference->signal = "output " + std::to_string(i);
    difference->expected = std::to_string(model.output[i]);
    difference->got = std::to_string(rtl.output[i]);
    break;
  }
  agreement.outputs += static_cast<std::int64_t>(model.output.size());
  const auto check = [&](const std::string& what, std::int64_t expected, std::int64_t got) {
    compare_number(agreement, what, expected, got, difference);
  };
  latency_ = rtl.cycles.total - model.cycles.total;
  if (!options_.relaxed) {
    check("cycles", model.cycles.total, rtl.cycles.total);
    check("compute cycles", model.cycles.compute, rtl.cycles.compute);
    for (int stall = 0; stall < arch::kStallCount; ++stall) {
      const auto i = static_cast<std::size_t>(stall);
      check("stall cycles by " + std::string(name(static_cast<arch::Stall>(stall))), model.cycles.stalls[i],
            rtl.cycles.stalls[i]);
    }
    for (std::size_t i = 0; i < model.cycles.port_busy.size(); ++i)
      check("busy cycles of port " + std::to_string(i), model.cycles.port_busy[i], rtl.cycles.port_busy[i]);
  }
  const auto traffic = [&](const std::string& where, const arch::Traffic& expected,
                           const arch::Traffic& got) {
    check(where + " elements read", expected.read_elements, got.read_elements);
    check(where + " bits read", expected.read_bits, got.read_bits);
    check(where + " elements written", expected.write_elements, got.write_elements);
    check(where + " bits written", expected.write_bits, got.write_bits);
  };
  for (const workload::Operand operand : workload::kOperands) {
    const std::string tensor(name(operand));
    for (std::size_t level = 0; level < model.actions.memory.size(); ++level) {
      traffic(tensor + " at level " + std::to_string(level), model.actions.memory[level][operand],
              rtl.actions.memory[level][operand]);
    }
    traffic(tensor + " at the registers", model.actions.registers[operand], rtl.actions.registers[operand]);
  }
  check("multiplies", model.actions.multiplies, rtl.actions.multiplies);
  check("gated multiplies", model.actions.gated_multiplies, rtl.actions.gated_multiplies);
  check("adds", model.actions.adds, rtl.actions.adds);
  check("requantizations", model.actions.requantizations, rtl.actions.requantizations);
  check("dram bursts", model.actions.dram_bursts, rtl.actions.dram_bursts);
  if (model.actions.eie && rtl.actions.eie) {
    const arch::EieCounts &a = *model.actions.eie, &b = *rtl.actions.eie;
    check("broadcasts", a.broadcasts, b.broadcasts);
    check("queue pushes", a.queue_pushes, b.queue_pushes);
    check("queue pops", a.queue_pops, b.queue_pops);
    check("pointer reads", a.pointer_reads, b.pointer_reads);
    check("matrix reads", a.matrix_reads, b.matrix_reads);
    check("codebook look-ups", a.codebook_lookups, b.codebook_lookups);
    check("padding entries", a.padding_entries, b.padding_entries);
    if (!options_.relaxed) {
      check("queue full cycles", a.queue_full_cycles, b.queue_full_cycles);
      check("starved cycles", a.starved_cycles, b.starved_cycles);
    }
    for (std::size_t pe = 0; pe < a.work.size(); ++pe)
      check("work of PE " + std::to_string(pe), a.work[pe], b.work[pe]);
  }
  if (difference) lockstep_.differ(*difference);
}

sim::LayerOutcome CoSimulation::run(const sim::LayerProgram& program, const sim::TraceSink& trace) {
  lockstep_.begin(program.problem.name);
  try {
    if (model_) model_->start(program);
    rtl_->start(program, trace);
    sc_core::sc_start();
    sim::LayerOutcome outcome = rtl_->finish();
    if (model_) {
      lockstep_.end(device_);
      compare(model_->finish(), outcome);
    }
    if (!device_.failures().empty()) {
      Difference difference;
      difference.layer = program.problem.name;
      difference.signal = "an assertion";
      difference.expected = "to hold";
      difference.got = device_.failures();
      throw Mismatch(difference);
    }
    return outcome;
  } catch (const Mismatch& mismatch) {
    stop(mismatch.difference());
  } catch (const sc_core::sc_report& report) {
    // The kernel's form of what a process threw.
    if (lockstep_.difference()) stop(*lockstep_.difference());
    Difference difference;
    difference.layer = program.problem.name;
    difference.signal = "the machine";
    difference.expected = "to run";
    difference.got = report.get_msg();
    stop(difference);
  }
}

sim::LayerOutcome CoSimulation::run(const sim::VectorProgram& program, const sim::TraceSink& trace) {
  return rtl_->run(program, trace);
}

}  // namespace heddle::rtl
