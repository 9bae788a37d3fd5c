#include "rtl/ppu/ppu_driver.h"

#include <array>

#include "arch/tile_traffic.h"

namespace heddle::rtl {
namespace {

constexpr unsigned kTable = 256;  ///< first configuration register of the table

/// Does the clamp change the result?
bool is_clamped(const workload::Requantization& to, std::int64_t sum, std::size_t channel) {
  __extension__ using Wide = __int128;
  const Wide scaled =
      (static_cast<Wide>(sum) * to.multiplier[channel] + (Wide{1} << (to.shift[channel] - 1))) >>
      to.shift[channel];
  return scaled + to.zero_point < to.low || scaled + to.zero_point > to.high;
}

}  // namespace

PpuDriver::PpuDriver(std::unique_ptr<Model> model, const arch::ArrayUnit& array, Lockstep* lockstep,
                     std::optional<std::mt19937_64>& gaps)
    : device_(std::move(model)),
      sums_(device_.stream("sums", {"sums_data_i", "bias_i", "multiplier_i", "shift_i"})),
      lockstep_(lockstep),
      results_(static_cast<std::size_t>(array.ports.outputs)),
      sum_bits_(array.bits.accumulators),
      gaps_(gaps),
      requantized_(device_.count("evt_requantized_o")),
      saturated_(device_.count("evt_saturated_o")) {}

void PpuDriver::begin_layer(const sim::LayerProgram& program) {
  program_ = &program;
  now_ = 0;
  clamped_ = passed_ = 0;
  device_.begin_layer(now_);
  const workload::Requantization& to = program.requantization;
  unsigned address = 0;
  for (const std::int64_t value : {std::int64_t{to.zero_point}, std::int64_t{to.low}, std::int64_t{to.high},
                                   std::int64_t{to.table.empty() ? 0 : 1}})
    device_.configure(address++, static_cast<std::uint64_t>(value));
  address = kTable;
  for (const std::int16_t entry : to.table) device_.configure(address++, static_cast<std::uint16_t>(entry));
}

void PpuDriver::requantize(std::vector<std::int64_t>& sums, const std::vector<std::int64_t>& channels) {
  const workload::Requantization& to = program_->requantization;
  const auto bias = [&](std::int64_t channel) {
    return program_->bias.empty() ? 0 : program_->bias[static_cast<std::size_t>(channel)];
  };

  // A beat is the bytes of its four ports, one after another.
  const std::array<std::pair<Signal, int>, 4> ports = {{{device_.signal("sums_data_i"), sum_bits_},
                                                        {device_.signal("bias_i"), 64},
                                                        {device_.signal("multiplier_i"), 31},
                                                        {device_.signal("shift_i"), 6}}};
  std::vector<std::vector<std::uint8_t>> beats;
  for (std::size_t first = 0; first < sums.size(); first += results_) {
    std::vector<std::uint8_t>& beat = beats.emplace_back();
    for (std::size_t port = 0; port < ports.size(); ++port) {
      const auto& [signal, bits] = ports[port];
      BeatPacker packer(signal.bytes() * 8);
      // Places of the last beat beyond the end repeat the last result.
      for (std::size_t place = first; place < first + results_; ++place) {
        const std::size_t i = std::min(place, sums.size() - 1);
        const auto channel = static_cast<std::size_t>(channels[i]);
        const std::array<std::int64_t, 4> value = {sums[i], bias(channels[i]), to.multiplier[channel],
                                                   to.shift[channel]};
        packer.add(static_cast<std::uint64_t>(value[port]), bits);
        if (port == 0) clamped_ += is_clamped(to, sums[i] + bias(channels[i]), channel);
      }
      const std::vector<std::uint8_t> packed = std::move(packer.take().front());
      beat.insert(beat.end(), packed.begin(), packed.end());
    }
  }

  const auto count = static_cast<Cycle>(beats.size());
  const Cycle late = gaps_ ? static_cast<Cycle>((*gaps_)() % 4) : 0;
  device_.sink().take(beats.size(), count + late, gaps_ ? &*gaps_ : nullptr);
  sums_.send(std::move(beats), count + late, gaps_ ? &*gaps_ : nullptr);
  for (Cycle waited = 0; device_.sink().busy() && waited < kPatience; ++waited) device_.catch_up(++now_);

  auto& taken = device_.sink().taken();
  for (std::size_t i = 0; i < sums.size(); ++i) {
    Difference difference;
    difference.signal = "ppu codes_data_o of channel " + std::to_string(channels[i]);
    const std::int64_t expected = to(sums[i] + bias(channels[i]), channels[i]);
    difference.expected = std::to_string(expected);
    if (i / results_ >= taken.size()) {
      difference.got = "nothing";
    } else {
      const std::vector<std::uint8_t>& beat = taken[i / results_];
      sums[i] = signed_bits_of(beat.data(), beat.size(), i % results_ * 16, 16);
      if (lockstep_ == nullptr || sums[i] == expected) continue;
      difference.got = std::to_string(sums[i]);
    }
    if (lockstep_) lockstep_->differ(difference);
    throw Mismatch(difference);
  }
  taken.clear();
  passed_ += count * static_cast<Cycle>(results_);
  const auto check = [&](const char* event, std::int64_t expected, std::int64_t got) {
    if (expected == got) return;
    Difference difference;
    difference.signal = std::string("ppu, sum of ") + event;
    difference.expected = std::to_string(expected);
    difference.got = std::to_string(got);
    if (lockstep_) lockstep_->differ(difference);
    throw Mismatch(difference);
  };
  check("evt_requantized_o", passed_, device_.total(requantized_));
  check("evt_saturated_o", clamped_, device_.total(saturated_));
}

}  // namespace heddle::rtl
