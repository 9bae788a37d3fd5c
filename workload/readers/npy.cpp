#include "workload/readers/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "support/error.h"

namespace heddle::workload {
namespace {

static_assert(std::endian::native == std::endian::little,
              "files are little-endian and are copied as they are");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::uint64_t kMostElements = std::uint64_t{1} << 40;
constexpr std::uint32_t kMostHeader = 1 << 20;

/// The Python dictionary in the header: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
class HeaderParser {
 public:
  HeaderParser(std::string text, std::string file) : text_(std::move(text)), file_(std::move(file)) {}

  void parse() {
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr" && descr.empty()) {
        if (peek() == '[') fail("holds records, expected plain numbers");
        descr = quoted();
      } else if (key == "fortran_order" && order.empty()) {
        while (std::isalpha(static_cast<unsigned char>(peek())) != 0) order += text_[at_++];
        if (order != "True" && order != "False") fail("has no True or False as its fortran_order");
      } else if (key == "shape" && !has_shape) {
        parse_shape();
      } else {
        fail(fmt::format("has the key '{}' in its header, expected descr, fortran_order and shape once each",
                         key));
      }
      if (!accept(',') && peek() != '}') fail("has a malformed header");
    }
    if (descr.empty() || order.empty() || !has_shape)
      fail("lacks descr, fortran_order or shape in its header");
  }

  std::string descr;
  std::string order;
  bool has_shape = false;
  std::vector<std::uint64_t> shape;

 private:
  [[noreturn]] void fail(const std::string& message) const { throw InputError(file_, message); }

  char peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted))
      fail(fmt::format("has a malformed header, expected '{}' at its character {}", wanted, at_ + 1));
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"')
      fail(fmt::format("has a malformed header, expected a string at its character {}", at_ + 1));
    const auto end = text_.find(quote, at_ + 1);
    if (end == std::string::npos) fail("has a malformed header: a string has no end");
    std::string result = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return result;
  }
  void parse_shape() {
    has_shape = true;
    std::uint64_t count = 1;
    expect('(');
    while (!accept(')')) {
      if (std::isdigit(static_cast<unsigned char>(peek())) == 0)
        fail("has a malformed shape, expected whole numbers");
      std::uint64_t extent = 0;
      while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0) {
        extent = std::min(extent * 10 + static_cast<std::uint64_t>(text_[at_++] - '0'), kMostElements + 1);
      }
      if (extent == 0) fail("has an extent of 0, expected at least one element");
      if (extent > kMostElements / count) fail("is too large, expected at most 2^40 elements");
      count *= extent;
      shape.push_back(extent);
      if (shape.size() > 32) fail("has more than 32 dimensions");
      if (!accept(',') && peek() != ')') fail("has a malformed shape, expected whole numbers");
    }
  }

  std::string text_;
  std::string file_;
  std::size_t at_ = 0;
};

/// Exactly `count` bytes.
std::string read_bytes(std::ifstream& stream, std::size_t count, const std::string& file) {
  std::string bytes(count, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(count));
  if (static_cast<std::size_t>(stream.gcount()) != count) throw InputError(file, "is a truncated .npy file");
  return bytes;
}

template <class Element>
std::vector<float> to_floats(const std::string& bytes, const std::string& file) {
  std::vector<float> values(bytes.size() / sizeof(Element));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Element element;
    std::memcpy(&element, bytes.data() + i * sizeof(Element), sizeof(Element));
    values[i] = static_cast<float>(element);
    if constexpr (std::is_integral_v<Element>) {
      // As long doubles, which hold every 64-bit integer: INT64_MAX as a float is 2^63, which no int64 is.
      if (static_cast<long double>(values[i]) != static_cast<long double>(element)) {
        throw InputError(file, fmt::format("element {} is {}, which no float32 holds exactly", i, element));
      }
    }
  }
  return values;
}

}  // namespace

FloatTensor read_npy(const std::filesystem::path& path) {
  const std::string file = path.string();
  std::error_code error;
  if (!std::filesystem::exists(path, error)) throw InputError(file, "no such file");
  if (!std::filesystem::is_regular_file(path, error)) throw InputError(file, "is no file, expected .npy");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw InputError(file, "cannot be opened for reading");

  const std::string start = read_bytes(stream, 8, file);
  if (!start.starts_with(kMagic))
    throw InputError(file, "is no .npy file (it does not start with \\x93NUMPY)");
  const int version = static_cast<unsigned char>(start[6]);
  if (version < 1 || version > 3) {
    throw InputError(file, fmt::format("is of .npy version {}, expected 1, 2 or 3", version));
  }
  const std::string length_bytes = read_bytes(stream, version == 1 ? 2 : 4, file);
  std::uint32_t length = 0;
  std::memcpy(&length, length_bytes.data(), length_bytes.size());
  if (length > kMostHeader)
    throw InputError(file, fmt::format("has a header of {} bytes, expected at most 1 MiB", length));
  HeaderParser header(read_bytes(stream, length, file), file);
  header.parse();
  if (header.order == "True")
    throw InputError(file, "is in Fortran order, expected C order (numpy.ascontiguousarray)");

  struct Type {
    std::string_view descr;
    std::size_t size;
    std::vector<float> (*read)(const std::string&, const std::string&);
  };
  static constexpr Type kTypes[] = {
      {"<f4", 4, to_floats<float>},        {"<f8", 8, to_floats<double>},
      {"|i1", 1, to_floats<std::int8_t>},  {"|u1", 1, to_floats<std::uint8_t>},
      {"<i2", 2, to_floats<std::int16_t>}, {"<i4", 4, to_floats<std::int32_t>},
      {"<i8", 8, to_floats<std::int64_t>},
  };
  const auto type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                 [&](const Type& t) { return t.descr == header.descr; });
  if (type == std::end(kTypes)) {
    throw InputError(
        file,
        fmt::format("has elements of type '{}', expected one of <f4 <f8 |i1 |u1 <i2 <i4 <i8", header.descr));
  }
  std::uint64_t count = 1;
  for (const std::uint64_t extent : header.shape) count *= extent;
  const auto here = static_cast<std::uint64_t>(stream.tellg());
  const std::uint64_t held = std::filesystem::file_size(path) - here;
  if (held != count * type->size) {
    throw InputError(file, fmt::format("{}: holds {} bytes of data, expected {} ({} elements of {} bytes)",
                                       held < count * type->size ? "is truncated" : "is too long", held,
                                       count * type->size, count, type->size));
  }
  FloatTensor tensor;
  tensor.shape.assign(header.shape.begin(), header.shape.end());
  tensor.values = type->read(read_bytes(stream, static_cast<std::size_t>(held), file), file);
  return tensor;
}

void write_npy(const std::filesystem::path& path, const FloatTensor& tensor) {
  std::string shape;
  for (const std::int64_t extent : tensor.shape) shape += fmt::format("{}, ", extent);
  if (tensor.shape.size() > 1) shape.resize(shape.size() - 2);  // Python wants the comma for one extent only
  if (tensor.shape.size() == 1) shape.pop_back();
  std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", shape);
  // Magic, version and length take 10 bytes; the data starts at a multiple of 64 after a newline.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  const auto length = static_cast<std::uint16_t>(header.size());

  std::filesystem::path partial = path;
  partial += ".partial";
  std::ofstream stream(partial, std::ios::binary | std::ios::trunc);
  stream.write(kMagic.data(), static_cast<std::streamsize>(kMagic.size()));
  stream.write("\x01\x00", 2);
  stream.write(reinterpret_cast<const char*>(&length), sizeof length);
  stream.write(header.data(), static_cast<std::streamsize>(header.size()));
  stream.write(reinterpret_cast<const char*>(tensor.values.data()),
               static_cast<std::streamsize>(tensor.values.size() * sizeof(float)));
  stream.close();
  std::error_code error;
  if (stream) std::filesystem::rename(partial, path, error);
  if (!stream || error) {
    std::filesystem::remove(partial, error);
    throw InputError(path.string(), "cannot be written");
  }
}

}  // namespace heddle::workload
