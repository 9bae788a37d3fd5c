// Are elements packed, offered and taken as the sockets' page says? (docs/socket.md)
#include <catch2/catch.hpp>

#include "rtl/device.h"

namespace {

using namespace heddle::rtl;

/// Two ports and their values, without a model.
struct Wires {
  unsigned char valid = 0, ready = 0;
  std::uint32_t data = 0;
  Signal valid_port{ModelPort{"x_valid_i", &valid, 1}}, ready_port{ModelPort{"x_ready_o", &ready, 1}},
      data_port{ModelPort{"x_data_i", &data, 4}};
};

TEST_CASE("elements are packed from the least significant bit and straddle beats") {
  BeatPacker packer(10);  // bits a beat
  for (const int value : {0b101, 0b011, 0b110, 0b111}) packer.add(static_cast<std::uint64_t>(value), 3);
  const auto beats = packer.take();
  REQUIRE(beats.size() == 2);
  // 3 + 3 + 3 bits and the lowest of the last element; then its other two.
  CHECK(bits_of(beats[0].data(), beats[0].size(), 0, 10) == (0b101u | 0b011u << 3 | 0b110u << 6 | 1u << 9));
  CHECK(bits_of(beats[1].data(), beats[1].size(), 0, 10) == 0b11u);
}

TEST_CASE("negative elements keep their width") {
  BeatPacker packer(24);
  packer.add(static_cast<std::uint64_t>(-3), 12);
  packer.add(static_cast<std::uint64_t>(-1), 12);
  const auto beats = packer.take();
  REQUIRE(beats.size() == 1);
  CHECK(signed_bits_of(beats[0].data(), 3, 0, 12) == -3);
  CHECK(signed_bits_of(beats[0].data(), 3, 12, 12) == -1);
}

/// The cycles in which beats are taken when the receiver is ready from `first_ready` on.
std::vector<int> taken(Stream& stream, Wires& wires, int first_ready) {
  std::vector<int> cycles;
  for (int cycle = 0; cycle < 40 && !stream.empty(); ++cycle) {
    wires.ready = cycle >= first_ready ? 1 : 0;
    stream.drive();
    stream.observe();
    if (wires.ready != 0 && wires.valid != 0) cycles.push_back(cycle);
    stream.advance();
  }
  return cycles;
}

TEST_CASE("the last of some beats is taken when it is due, whatever the gaps") {
  for (const int late : {0, 3, 7}) {
    for (const bool gaps : {false, true}) {
      Wires wires;
      Stream stream(wires.valid_port, wires.ready_port, {wires.data_port});
      std::mt19937_64 random(5);
      const std::vector<std::vector<std::uint8_t>> beats(4, std::vector<std::uint8_t>{1, 2, 3, 4});
      stream.send(beats, 4 + late, gaps ? &random : nullptr);
      const std::vector<int> cycles = taken(stream, wires, 2);
      REQUIRE(cycles.size() == 4);
      CHECK(cycles.back() == 2 + 4 + late - 1);
      if (!gaps) CHECK(cycles.front() == 2 + late);
      CHECK(wires.data == 0x04030201);
    }
  }
}

}  // namespace
