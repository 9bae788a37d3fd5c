#include "sim/array/dot_array.h"

#include <algorithm>

namespace heddle::sim {

void DotArray::run_steps(const Pass& pass) {
  for (std::size_t index = 0; index < datapath_.step_count(); ++index) {
    // Loading begins when the step before issues, or with the pass.
    const DotLoad load = datapath_.load(index);
    const LoadTime time = time_of(pass, {load.weight_bits, load.input_bits});
    const Cycle loaded = now() + time.cycles;
    account(time.cause, loaded);
    Cycle restored = 0;
    if (index == 0 && pass.opens) restored = open_bank(pass);
    wait_until(std::max({last_issue() + 1, loaded, restored}));

    datapath_.execute(index);
    issued(1, now());
  }
}

}  // namespace heddle::sim
