// A Verilated unit on the machine's clock: its ports, what is sent to it and what it sends, cycle by cycle.
// Cycles are caught up with when somebody asks: until then, what is set counts for the cycle in progress. The
// names and rules of the ports are those of docs/socket.md.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "rtl/model.h"
#include "rtl/wave_recorder.h"

namespace heddle::rtl {

using Cycle = std::int64_t;

/// Up to 64 bits of a little-endian field from bit `first` on, unsigned, and as a two's complement number.
std::uint64_t bits_of(const unsigned char* bytes, std::size_t size, std::size_t first, int count);
std::int64_t signed_bits_of(const unsigned char* bytes, std::size_t size, std::size_t first, int count);

/// One port of the model.
class Signal {
 public:
  Signal() = default;
  explicit Signal(const ModelPort& port)
      : name_(port.name), bits_(static_cast<unsigned char*>(port.bits)), bytes_(port.bytes) {}

  const char* name() const { return name_; }
  std::size_t bytes() const { return bytes_; }
  bool high() const { return *bits_ != 0; }
  std::uint64_t get(std::size_t first = 0, int count = 64) const {
    return bits_of(bits_, bytes_, first, count);
  }
  std::int64_t get_signed(std::size_t first, int count) const {
    return signed_bits_of(bits_, bytes_, first, count);
  }
  void set(std::uint64_t value);
  void set(std::size_t first, int count, std::uint64_t value);
  void set_bytes(const std::uint8_t* bytes);

 private:
  const char* name_ = "";
  unsigned char* bits_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Packs elements from the least significant bit of each beat.
class BeatPacker {
 public:
  explicit BeatPacker(std::size_t bits_a_beat) : bits_a_beat_(bits_a_beat) {}
  /// Elements may straddle beats.
  void add(std::uint64_t value, int bits);
  std::vector<std::vector<std::uint8_t>> take() { return std::move(beats_); }

 private:
  const std::size_t bits_a_beat_;
  std::size_t used_ = 0;  ///< bits of the last beat
  std::vector<std::vector<std::uint8_t>> beats_;
};

/// Beats on their way into the unit. A beat is offered after the cycles that it waits for, counted while the
/// unit would take it, and stays until it is taken.
class Stream {
 public:
  Stream() = default;
  Stream(Signal valid, Signal ready, std::vector<Signal> data)
      : valid_(valid), ready_(ready), data_(std::move(data)) {}

  /// Appends beats of which the last is taken `cycles` - 1 cycles after the unit begins to take them, if it
  /// is always ready. `gaps`: where the cycles beyond the number of beats go; null: before the first.
  void send(std::vector<std::vector<std::uint8_t>> beats, Cycle cycles, std::mt19937_64* gaps);
  bool empty() const { return beats_.empty(); }
  void drive();
  /// The clock is about to rise: notes what happens in this cycle. advance(), after it, goes on from there.
  void observe() { ready_now_ = ready_.high(); }
  void advance();
  void reset() { beats_.clear(); }
  const Signal& ready() const { return ready_; }

 private:
  struct Beat {
    std::vector<std::uint8_t> bytes;
    Cycle wait = 0;
  };
  Signal valid_, ready_;
  std::vector<Signal> data_;  ///< a beat's bytes are those of one after the other
  std::deque<Beat> beats_;
  bool ready_now_ = false;
};

/// Beats of results, taken when the post-processing unit drains.
class Sink {
 public:
  Sink() = default;
  Sink(Signal valid, Signal ready, Signal data) : valid_(valid), ready_(ready), data_(data) {}

  /// Takes `beats` beats, the last one `cycles` - 1 cycles from the first cycle in which one is offered.
  void take(std::size_t beats, Cycle cycles, std::mt19937_64* gaps);
  bool busy() const { return !waits_.empty(); }
  void drive();
  /// The clock is about to rise; true if a beat comes.
  bool observe();
  void reset();
  std::vector<std::vector<std::uint8_t>>& taken() { return taken_; }

 private:
  Signal valid_, ready_, data_;
  std::deque<Cycle> waits_;  ///< by beat to come
  std::vector<std::vector<std::uint8_t>> taken_;
};

class Device;

/// Looks at a unit's ports in every cycle.
class PortMonitor {
 public:
  virtual ~PortMonitor() = default;
  virtual void sample(Cycle cycle, const Device& device) = 0;
  /// Nothing was clocked in cycles `begin` to `end` - 1: the unit is at rest.
  virtual void rest(Cycle begin, Cycle end, const Device& device) = 0;
};

class Device {
 public:
  explicit Device(std::unique_ptr<Model> model);

  Signal signal(const std::string& name) const;
  /// "weights": weights_valid_i, weights_ready_o, and the data ports given.
  Stream& stream(const std::string& name, const std::vector<std::string>& data);
  Sink& sink() { return sink_; }
  /// Sums an event up over the layer. Returns its number.
  std::size_t count(const std::string& event);
  std::int64_t total(std::size_t event) const { return events_[event].total; }
  /// The same of every bit of a port.
  void count_bits(const std::string& event, std::size_t bits);
  const std::vector<std::int64_t>& bit_totals() const { return bit_totals_; }

  void watch(PortMonitor* monitor) {
    if (monitor) monitors_.push_back(monitor);
  }
  /// Resets the unit; `now` is the cycle in progress.
  void begin_layer(Cycle now);
  /// Between begin_layer() and the first cycle.
  void configure(unsigned address, std::uint64_t value);
  /// One pulse of another clock, which costs no cycle.
  void pulse(Signal clock);
  /// Cycles before `now` are over.
  void catch_up(Cycle now);
  /// In cycle `now`, with what has been set so far.
  bool is_high(const Signal& output, Cycle now);
  /// The unit will still send a bank of results.
  void expect_results() { ++expected_; }

  /// The last cycles, `before` of them, as a waveform.
  void write_waves(const std::filesystem::path& file, Cycle before);
  void write_coverage(const std::filesystem::path& file) { model_->write_coverage(file.string()); }
  /// What assertions in the RTL said; empty: nothing.
  std::string failures() const { return failures_; }
  Cycle cycles() const { return clocked_; }  ///< clocked since the device was made
  Cycle layer_begin() const { return begin_; }

 private:
  void cycle();
  void drive();
  void eval();  ///< if inputs have changed
  bool quiet() const;

  std::unique_ptr<Model> model_;
  WaveRecorder recorder_;
  Signal clk_, rst_;
  std::deque<std::pair<std::string, Stream>> streams_;
  Sink sink_;
  struct Event {
    Signal signal;
    std::int64_t total = 0;
  };
  std::vector<Event> events_;
  Signal bit_event_;
  std::vector<std::int64_t> bit_totals_;
  std::vector<PortMonitor*> monitors_;
  std::string failures_;
  Cycle begin_ = 0;  ///< of the layer
  Cycle now_ = 0;    ///< in progress
  Cycle clocked_ = 0;
  int quiet_cycles_ = 0;
  int expected_ = 0;
  bool driven_ = false;
};

}  // namespace heddle::rtl
