#include "sim/array/dot_array.h"

#include <algorithm>

#include "sim/port_watcher.h"

namespace heddle::sim {

using arch::Stall;

void DotArray::run_steps(const Pass& pass) {
  const Cycle accepted = now();
  for (std::size_t index = 0; index < datapath_.step_count(); ++index) {
    // Loading begins when the step before issues, or with the pass.
    const DotLoad load = datapath_.load(index);
    const LoadBits bits{load.weight_bits, load.input_bits};
    const LoadTime time = time_of(pass, bits);
    loading(index, bits, time);
    if (run_.watcher) watch_load(time);
    const Cycle loaded = now() + time.cycles;
    account(time.cause, loaded);
    Cycle restored = 0;
    if (index == 0 && pass.opens) restored = open_bank(pass);
    wait_until(std::max({last_issue() + 1, accepted + 1, loaded, restored}));
    account(Stall::memory, now());  // the pass came late, and all that its first step needs is there

    if (run_.watcher) {
      const std::int64_t multiplies = run_.actions.multiplies, gated = run_.actions.gated_multiplies;
      issue(index);
      using Event = PortWatcher::Event;
      run_.watcher->event(Event::issue, now(), 1, 0);
      run_.watcher->event(Event::multiplies, now(), run_.actions.multiplies - multiplies, 0);
      run_.watcher->event(Event::gated, now(), run_.actions.gated_multiplies - gated, 0);
    } else {
      issue(index);
    }
    issued(1, now());
  }
}

void DotArray::watch_load(const LoadTime& time) {
  const auto watch = [&](PortWatcher::Level level, Cycle duration) {
    if (duration == 0) return;
    run_.watcher->set(level, true, now());
    run_.watcher->set(level, false, now() + duration);
  };
  watch(PortWatcher::Level::weights_ready, time.weights);
  watch(PortWatcher::Level::inputs_ready, time.inputs);
}

}  // namespace heddle::sim
