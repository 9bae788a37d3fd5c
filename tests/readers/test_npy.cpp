// Does reading .npy give what NumPy wrote, and does every damaged file get a message instead of a crash?
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>

#include "support/error.h"
#include "tests/scratch_folder.h"
#include "workload/readers/npy.h"

using namespace heddle;
using namespace heddle::workload;

namespace {

/// A .npy file as NumPy lays it out, with any header and data.
std::string npy_bytes(const std::string& header, const std::string& data, int version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  const auto length = static_cast<std::uint32_t>(header.size());
  bytes.append(reinterpret_cast<const char*>(&length), version == 1 ? 2 : 4);
  return bytes + header + data;
}

template <class Element>
std::string raw(const std::vector<Element>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Element)};
}

std::string header_of(const std::string& type, const std::string& shape, const std::string& order = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': (" + shape + "), }\n";
}

template <class Element>
void check_type(const std::string& type, const std::vector<Element>& values) {
  const tests::ScratchFolder folder;
  const auto path =
      folder.write("a.npy", npy_bytes(header_of(type, std::to_string(values.size()) + ","), raw(values)));
  const FloatTensor tensor = read_npy(path);
  CHECK(tensor.shape == Shape{static_cast<std::int64_t>(values.size())});
  REQUIRE(tensor.values.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(tensor.values[i] == static_cast<float>(values[i]));
}

}  // namespace

TEST_CASE("every element type of .npy that is read gives the numbers that were written") {
  check_type<float>("<f4", {0.0F, -1.5F, 3.25e30F});
  check_type<double>("<f8", {0.1, -2.5});
  check_type<std::int8_t>("|i1", {-128, 0, 127});
  check_type<std::uint8_t>("|u1", {0, 255});
  check_type<std::int16_t>("<i2", {-32768, 32767});
  check_type<std::int32_t>("<i4", {-(1 << 24), 1 << 24});
  check_type<std::int64_t>("<i8", {std::int64_t{1} << 62, -3});
}

TEST_CASE("versions 2 and 3 of .npy have a longer length field") {
  const tests::ScratchFolder folder;
  for (const int version : {2, 3}) {
    const auto path = folder.write("v.npy", npy_bytes(header_of("<f4", "1, 2"), raw<float>({5, 7}), version));
    CHECK(read_npy(path) == FloatTensor{{1, 2}, {5, 7}});
  }
}

TEST_CASE("what write_npy writes, read_npy reads, for scalars up to four dimensions") {
  const tests::ScratchFolder folder;
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{7}, Shape{2, 3}, Shape{1, 2, 3, 5}}) {
    FloatTensor tensor{shape, {}};
    for (std::int64_t i = 0; i < element_count(shape); ++i)
      tensor.values.push_back(static_cast<float>(i) / 3.0F);
    const auto path = folder.path() / "round.npy";
    write_npy(path, tensor);
    CHECK(read_npy(path) == tensor);
    std::ifstream stream(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    CHECK((bytes.size() - tensor.values.size() * sizeof(float)) % 64 == 0);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "round.npy.partial"));
  }
}

TEST_CASE("the demo's images, labels and calibration images have their shapes and ranges") {
  const std::filesystem::path folder = std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/networks/digits";
  const FloatTensor images = read_npy(folder / "test_images.npy");
  const FloatTensor labels = read_npy(folder / "test_labels.npy");
  CHECK(images.shape == Shape{360, 1, 8, 8});
  CHECK(labels.shape == Shape{360});
  CHECK(read_npy(folder / "calibration_images.npy").shape == Shape{128, 1, 8, 8});
  for (const float pixel : images.values)
    REQUIRE((pixel >= 0.0F && pixel <= 1.0F && pixel * 16 == std::floor(pixel * 16)));
  std::vector<int> seen(10, 0);
  for (const float label : labels.values) ++seen.at(static_cast<std::size_t>(label));
  for (const int count : seen) CHECK((count >= 34 && count <= 38));  // stratified: about a tenth each
}

TEST_CASE("a damaged .npy file gets a message that says what is wrong") {
  const std::string good = npy_bytes(header_of("<f4", "2,"), raw<float>({1, 2}));
  struct Bad {
    std::string bytes;
    std::string message;
  };
  const std::vector<Bad> table = {
      {"", "truncated"},
      {"PK\x03\x04 something else", "is no .npy file"},
      {good.substr(0, 7), "truncated"},
      {good.substr(0, 9), "truncated"},
      {good.substr(0, 30), "truncated"},
      {good.substr(0, good.size() - 1), "is truncated: holds 7 bytes of data, expected 8"},
      {good + "x", "is too long: holds 9 bytes"},
      {npy_bytes(header_of("<f4", "2,"), "", 9), "version 9"},
      {npy_bytes(header_of(">f4", "2,"), ""), "type '>f4'"},
      {npy_bytes(header_of("<c8", "2,"), ""), "type '<c8'"},
      {npy_bytes(header_of("<f4", "2,", "True"), ""), "Fortran order"},
      {npy_bytes(header_of("<f4", "2,", "Maybe"), ""), "fortran_order"},
      {npy_bytes(header_of("<f4", "-2,"), ""), "malformed shape"},
      {npy_bytes(header_of("<f4", "0,"), ""), "extent of 0"},
      {npy_bytes(header_of("<f4", "1099511627777,"), ""), "too large"},
      {npy_bytes(header_of("<f4", "1048576, 1048576, 2"), ""), "too large"},
      {npy_bytes(header_of("<f4", "99999999999999999999999999,"), ""), "too large"},
      {npy_bytes(header_of("<f4", "1073741824,"), "1234"), "is truncated: holds 4 bytes"},
      {npy_bytes("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", ""), "records"},
      {npy_bytes("{'descr': '<f4', 'shape': (1,)}", "1234"), "lacks"},
      {npy_bytes("{'descr': '<f4', 'colour': 1}", "1234"), "colour"},
      {npy_bytes("{'descr': '<f4", "1234"), "no end"},
      {npy_bytes("no dictionary", "1234"), "malformed header"},
      {npy_bytes(header_of("<i8", "1,"), raw<std::int64_t>({std::numeric_limits<std::int64_t>::max()})),
       "no float32 holds exactly"},
      {npy_bytes(header_of("<i4", "1,"), raw<std::int32_t>({(1 << 24) + 1})), "16777217"},
  };
  const tests::ScratchFolder folder;
  for (const Bad& bad : table) {
    const auto path = folder.write("bad.npy", bad.bytes);
    INFO("expected: " << bad.message);
    CHECK_THROWS_WITH(read_npy(path), Catch::Contains("bad.npy") && Catch::Contains(bad.message));
    CHECK_THROWS_AS(read_npy(path), InputError);
  }
  CHECK_THROWS_WITH(read_npy(folder.path() / "absent.npy"), Catch::Contains("no such file"));
  CHECK_THROWS_WITH(read_npy(folder.path()), Catch::Contains("expected .npy"));
  CHECK_THROWS_AS(write_npy(folder.path() / "no" / "such" / "folder.npy", FloatTensor{{1}, {1}}), InputError);
}
