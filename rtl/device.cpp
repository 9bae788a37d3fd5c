#include "rtl/device.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

namespace heddle::rtl {
namespace {

/// Units of the waveform in a cycle: the clock rises in the middle of it.
constexpr std::uint64_t kCycleTime = 10;
/// A unit that was at rest for so many cycles stays there until something is sent to it.
constexpr int kQuietCycles = 16;

}  // namespace

std::uint64_t bits_of(const unsigned char* bytes, std::size_t size, std::size_t first, int count) {
  std::uint64_t value = 0;
  std::size_t byte = first / 8;
  const int shift = static_cast<int>(first % 8);
  for (int got = -shift; got < count && byte < size; got += 8, ++byte) {
    const std::uint64_t bits = bytes[byte];
    value |= got < 0 ? bits >> -got : bits << got;
  }
  return count >= 64 ? value : value & ((std::uint64_t{1} << count) - 1);
}

std::int64_t signed_bits_of(const unsigned char* bytes, std::size_t size, std::size_t first, int count) {
  const int unused = 64 - count;
  return static_cast<std::int64_t>(bits_of(bytes, size, first, count) << unused) >> unused;
}

void Signal::set(std::uint64_t value) { std::memcpy(bits_, &value, std::min(bytes_, sizeof value)); }

void Signal::set(std::size_t first, int count, std::uint64_t value) {
  for (int i = 0; i < count; ++i) {
    const std::size_t bit = first + static_cast<std::size_t>(i);
    if (bit / 8 >= bytes_) return;
    const auto mask = static_cast<unsigned char>(1u << (bit % 8));
    if ((value >> i & 1u) != 0) {
      bits_[bit / 8] |= mask;
    } else {
      bits_[bit / 8] &= static_cast<unsigned char>(~mask);
    }
  }
}

void Signal::set_bytes(const std::uint8_t* bytes) { std::memcpy(bits_, bytes, bytes_); }

void BeatPacker::add(std::uint64_t value, int bits) {
  if (bits < 64) value &= (std::uint64_t{1} << bits) - 1;
  while (bits > 0) {
    if (beats_.empty() || used_ == bits_a_beat_) {
      beats_.emplace_back((bits_a_beat_ + 7) / 8);
      used_ = 0;
    }
    const int room = static_cast<int>(std::min<std::size_t>(8 - used_ % 8, bits_a_beat_ - used_));
    const int taken = std::min(room, bits);
    beats_.back()[used_ / 8] |=
        static_cast<std::uint8_t>((value & ((std::uint64_t{1} << taken) - 1)) << (used_ % 8));
    value = taken < 64 ? value >> taken : 0;
    used_ += static_cast<std::size_t>(taken);
    bits -= taken;
  }
}

namespace {

/// How long each of so many beats waits, in all `idle` cycles; the last one is not late then.
std::vector<Cycle> spread(std::size_t beats, Cycle idle, std::mt19937_64* gaps) {
  std::vector<Cycle> waits(beats, 0);
  if (beats == 0) return waits;
  if (gaps == nullptr) {
    waits.front() = idle;
  } else {
    for (; idle > 0; --idle) ++waits[(*gaps)() % beats];
  }
  return waits;
}

}  // namespace

void Stream::send(std::vector<std::vector<std::uint8_t>> beats, Cycle cycles, std::mt19937_64* gaps) {
  const std::vector<Cycle> waits = spread(beats.size(), cycles - static_cast<Cycle>(beats.size()), gaps);
  for (std::size_t i = 0; i < beats.size(); ++i) beats_.push_back({std::move(beats[i]), waits[i]});
}

void Stream::drive() {
  const bool offer = !beats_.empty() && beats_.front().wait <= 0;
  if (offer && !valid_.high()) {
    std::vector<std::uint8_t>& bytes = beats_.front().bytes;
    std::size_t first = 0;
    for (Signal& data : data_) {
      bytes.resize(std::max(bytes.size(), first + data.bytes()));
      data.set_bytes(bytes.data() + first);
      first += data.bytes();
    }
  }
  valid_.set(offer ? 1 : 0);
}

void Stream::advance() {
  if (beats_.empty() || !ready_now_) return;
  if (!valid_.high()) {
    --beats_.front().wait;
    return;
  }
  beats_.pop_front();
  valid_.set(0);  // the next beat has data of its own
}

void Sink::take(std::size_t beats, Cycle cycles, std::mt19937_64* gaps) {
  for (const Cycle wait : spread(beats, cycles - static_cast<Cycle>(beats), gaps)) waits_.push_back(wait);
}

void Sink::drive() { ready_.set(!waits_.empty() && waits_.front() <= 0 ? 1 : 0); }

bool Sink::observe() {
  if (waits_.empty() || !valid_.high()) return false;
  if (!ready_.high()) {
    --waits_.front();
    return false;
  }
  waits_.pop_front();
  std::vector<std::uint8_t> beat(data_.bytes());
  for (std::size_t i = 0; i < beat.size(); ++i) beat[i] = static_cast<std::uint8_t>(data_.get(i * 8, 8));
  taken_.push_back(std::move(beat));
  return true;
}

void Sink::reset() {
  waits_.clear();
  taken_.clear();
}

Device::Device(std::unique_ptr<Model> model)
    : model_(std::move(model)), recorder_(*model_), clk_(signal("clk_i")), rst_(signal("rst_ni")) {
  for (const ModelPort& port : model_->ports()) {
    const std::string name = port.name;
    for (const std::string sink : {"results", "codes"}) {
      if (name == sink + "_valid_o")
        sink_ = Sink(signal(name), signal(sink + "_ready_i"), signal(sink + "_data_o"));
    }
  }
}

Signal Device::signal(const std::string& name) const {
  for (const ModelPort& port : model_->ports()) {
    if (name == port.name) return Signal(port);
  }
  throw std::logic_error("the unit has no port " + name);
}

Stream& Device::stream(const std::string& name, const std::vector<std::string>& data) {
  std::vector<Signal> ports;
  for (const std::string& port : data) ports.push_back(signal(port));
  streams_.emplace_back(name, Stream(signal(name + "_valid_i"), signal(name + "_ready_o"), std::move(ports)));
  return streams_.back().second;
}

std::size_t Device::count(const std::string& event) {
  events_.push_back({signal(event), 0});
  return events_.size() - 1;
}

void Device::count_bits(const std::string& event, std::size_t bits) {
  bit_event_ = signal(event);
  bit_totals_.assign(bits, 0);
}

void Device::begin_layer(Cycle now) {
  for (auto& [name, stream] : streams_) {
    stream.reset();
    stream.drive();
  }
  sink_.reset();
  sink_.drive();
  recorder_.begin();
  begin_ = now_ = now;
  quiet_cycles_ = 0;
  expected_ = 0;
  rst_.set(0);
  for (int i = 0; i < 2; ++i) {
    clk_.set(0);
    eval();
    clk_.set(1);
    eval();
  }
  rst_.set(1);
  clk_.set(0);
  eval();
  for (Event& event : events_) event.total = 0;
  std::fill(bit_totals_.begin(), bit_totals_.end(), 0);
}

void Device::configure(unsigned address, std::uint64_t value) {
  signal("cfg_valid_i").set(1);
  signal("cfg_addr_i").set(address);
  signal("cfg_data_i").set(value & 0xffffffffu);
  clk_.set(0);
  eval();
  clk_.set(1);
  eval();
  clk_.set(0);
  signal("cfg_valid_i").set(0);
}

void Device::pulse(Signal clock) {
  clock.set(1);
  eval();
  clock.set(0);
  eval();
}

void Device::eval() {
  // What follows from the registers alone has been settled since the clock rose.
  if (!recorder_.changed()) return;
  model_->eval();
  recorder_.record(static_cast<std::uint64_t>(now_ - begin_) * kCycleTime +
                   (clk_.high() ? kCycleTime / 2 : 0));
}

void Device::drive() {
  for (auto& [name, stream] : streams_) stream.drive();
  sink_.drive();
}

bool Device::quiet() const {
  if (expected_ > 0 || sink_.busy()) return false;
  return std::all_of(streams_.begin(), streams_.end(), [](const auto& named) {
    return named.second.empty() && (named.first != "pass" || named.second.ready().high());
  });
}

void Device::catch_up(Cycle now) {
  while (now_ < now) {
    if (quiet_cycles_ >= kQuietCycles && quiet()) {
      for (PortMonitor* monitor : monitors_) monitor->rest(now_, now, *this);
      now_ = now;
      return;
    }
    cycle();
  }
}

bool Device::is_high(const Signal& output, Cycle now) {
  catch_up(now);
  drive();
  eval();
  return output.high();
}

void Device::cycle() {
  drive();
  eval();
  for (PortMonitor* monitor : monitors_) monitor->sample(now_, *this);
  for (Event& event : events_) event.total += static_cast<std::int64_t>(event.signal.get());
  for (std::size_t first = 0; first < bit_totals_.size(); first += 64) {
    for (std::uint64_t set = bit_event_.get(first); set != 0; set &= set - 1) {
      const std::size_t bit = first + static_cast<std::size_t>(std::countr_zero(set));
      if (bit < bit_totals_.size()) ++bit_totals_[bit];
    }
  }
  quiet_cycles_ = quiet() ? quiet_cycles_ + 1 : 0;
  for (auto& [name, stream] : streams_) stream.observe();
  if (sink_.observe() && !sink_.busy()) --expected_;
  clk_.set(1);
  eval();
  clk_.set(0);
  for (auto& [name, stream] : streams_) stream.advance();
  ++now_;
  ++clocked_;
  if (std::string said = model_->failures(); !said.empty() && failures_.empty()) failures_ = std::move(said);
}

void Device::write_waves(const std::filesystem::path& file, Cycle before) {
  recorder_.write(file, static_cast<std::uint64_t>(std::max<Cycle>(0, now_ - begin_ - before)) * kCycleTime);
}

}  // namespace heddle::rtl
