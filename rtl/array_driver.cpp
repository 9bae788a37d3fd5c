#include "rtl/array_driver.h"

#include <fmt/format.h>

#include "arch/tile_traffic.h"

namespace heddle::rtl {

ArrayDriver::ArrayDriver(Device& device, Lockstep* lockstep, std::int64_t output_port, int sum_bits,
                         std::optional<std::mt19937_64>& gaps)
    : device_(device),
      lockstep_(lockstep),
      output_port_(output_port),
      sum_bits_(sum_bits),
      gaps_(gaps),
      pass_(device.stream("pass", {})),
      sums_(device.stream("sums", {"sums_data_i"})),
      requantized_(device.count("evt_requantized_o")) {
  device.watch(lockstep);
}

void ArrayDriver::hangs(const char* what) {
  Difference difference;
  difference.cycle = sim::now() - device_.layer_begin();
  difference.signal = what;
  difference.expected = fmt::format("it within {} cycles", kPatience);
  difference.got = device_.failures().empty() ? "nothing" : device_.failures();
  differ(std::move(difference));
}

void ArrayDriver::differ(Difference difference) const {
  if (lockstep_) lockstep_->differ(std::move(difference));
  throw Mismatch(std::move(difference));
}

void ArrayDriver::end_layer() {
  device_.catch_up(sim::now());
  if (device_.total(requantized_) == results_) return;
  Difference difference;
  difference.signal = "the layer's sum of evt_requantized_o";
  difference.expected = std::to_string(results_);
  difference.got = std::to_string(device_.total(requantized_));
  differ(std::move(difference));
}

void ArrayDriver::offer_pass(const sim::Pass& pass) {
  device_.catch_up(sim::now());
  pass_.send({{}}, 1, nullptr);
  if (pass.closes) device_.expect_results();
  wait_for([&] { return device_.is_high(pass_.ready(), sim::now()); }, "pass_ready_o");
}

void ArrayDriver::restore(const sim::LayerProgram& program, const sim::Pass& pass,
                          const std::vector<std::int64_t>& sums) {
  BeatPacker packer(static_cast<std::size_t>(output_port_ * sum_bits_));
  for (const std::size_t index : result_order(program, pass.tile))
    packer.add(static_cast<std::uint64_t>(sums[index]), sum_bits_);
  restored_ = packer.take();
}

void ArrayDriver::restoring(Cycle cycles) {
  device_.catch_up(sim::now());
  sums_.send(std::move(restored_), cycles, gaps());
}

void ArrayDriver::drain(const sim::LayerProgram& program, const sim::Pass& pass, Cycle cycles) {
  device_.catch_up(sim::now());
  order_ = result_order(program, pass.tile);
  const auto beats = arch::divided_up(static_cast<std::int64_t>(order_.size()), output_port_);
  device_.sink().take(static_cast<std::size_t>(beats), cycles, gaps());
}

bool ArrayDriver::drained() {
  device_.catch_up(sim::now());
  return !device_.sink().busy();
}

std::vector<std::int64_t> ArrayDriver::sums() {
  std::vector<std::int64_t> result(order_.size());
  auto beat = device_.sink().taken().begin();
  std::size_t in_beat = 0;
  for (const std::size_t index : order_) {
    if (in_beat == static_cast<std::size_t>(output_port_)) {
      ++beat;
      in_beat = 0;
    }
    result[index] =
        signed_bits_of(beat->data(), beat->size(), in_beat * static_cast<std::size_t>(sum_bits_), sum_bits_);
    ++in_beat;
  }
  device_.sink().taken().clear();
  results_ += static_cast<std::int64_t>(result.size());
  return result;
}

}  // namespace heddle::rtl
