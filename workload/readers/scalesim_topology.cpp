#include "workload/readers/scalesim_topology.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <set>
#include <stdexcept>

#include "support/error.h"
#include "support/read_text.h"
#include "workload/readers/plain_name.h"

namespace heddle::workload {
namespace {

constexpr std::int64_t kMostGroup = 256;    // of n:m
constexpr std::size_t kMostProblems = 100;  // a file of another kind has one in every row

struct Field {
  std::string text;
  int column = 1;
};

struct Row {
  int line = 1;
  std::vector<Field> fields;  ///< without the empty ones at the end and a comment
};

std::string trimmed(std::string_view text) {
  const auto blank = [](unsigned char c) { return std::isspace(c) != 0; };
  while (!text.empty() && blank(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && blank(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return std::string(text);
}

/// "IFMAP Height" and "ifmap_height" are the same column.
std::string plain_title(const std::string& text) {
  std::string title;
  for (const unsigned char c : text) {
    if (std::isalnum(c) != 0) title += static_cast<char>(std::tolower(c));
  }
  return title;
}

std::vector<Row> rows_of(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<Row> rows;
  int line = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view row_text = text.substr(begin, end - begin);
    begin = end + 1;
    Row row{++line, {}};
    for (std::size_t at = 0; at <= row_text.size();) {
      const std::size_t comma = std::min(row_text.find(',', at), row_text.size());
      const std::string field = trimmed(row_text.substr(at, comma - at));
      if (field.starts_with('#')) break;
      const std::size_t start = std::min(row_text.find_first_not_of(" \t", at), comma);
      row.fields.push_back({field, static_cast<int>(start) + 1});
      at = comma + 1;
    }
    while (!row.fields.empty() && row.fields.back().text.empty()) row.fields.pop_back();
    if (!row.fields.empty()) rows.push_back(std::move(row));
  }
  return rows;
}

/// What the columns are called in messages; the order is SCALE-Sim's, which does not read its header.
const std::vector<std::string> kConvolution = {"Layer name",   "IFMAP Height", "IFMAP Width", "Filter Height",
                                               "Filter Width", "Channels",     "Num Filter",  "Strides"};
const std::vector<std::string> kProduct = {"Layer", "M", "N", "K"};

class Topology {
 public:
  Topology(std::string file, std::string name) : file_(std::move(file)), network_(std::move(name)) {}

  Network read(const std::vector<Row>& rows) {
    if (rows.empty())
      throw InputError(file_, "is empty, expected a header row and a layer in each row below it");
    const bool products = read_header(rows.front());
    if (!problems_.empty()) throw InputError(problems_);
    if (rows.size() == 1) note(rows.front(), 0, "", "no layers below the header, expected at least one");
    for (std::size_t i = 1; i < rows.size() && problems_.size() < kMostProblems; ++i) {
      earlier_problems_ = problems_.size();
      if (products) {
        read_product(rows[i]);
      } else {
        read_convolution(rows[i]);
      }
    }
    if (!problems_.empty()) throw InputError(problems_);
    return std::move(network_);
  }

 private:
  void note(const Row& row, std::size_t field, const std::string& key, const std::string& message) {
    const int column = field < row.fields.size() ? row.fields[field].column : 0;
    problems_.push_back({file_, row.line, column, key, message});
  }

  /// Whether the rows are matrix products; also finds the columns behind the usual ones.
  bool read_header(const Row& header) {
    std::vector<std::string> titles;
    for (const Field& field : header.fields) titles.push_back(plain_title(field.text));
    const bool products = titles.size() >= 4 && titles[1] == "m" && titles[2] == "n" && titles[3] == "k";
    const bool convolutions = titles.size() >= 8 && titles[1].starts_with("ifmap") &&
                              titles[3].starts_with("filter") && titles[5].starts_with("channel");
    if (!products && !convolutions) {
      note(header, 0, "",
           "not a header of SCALE-Sim, expected \"Layer name, IFMAP Height, IFMAP Width, Filter Height, "
           "Filter "
           "Width, Channels, Num Filter, Strides,\" or \"Layer, M, N, K,\"");
      return false;
    }
    for (std::size_t i = products ? 4 : 8; i < titles.size(); ++i) {
      if (titles[i] == "sparsity") {
        sparsity_column_ = i;
      } else if (!products && i == 8 && titles[i].starts_with("stride")) {
        stride_columns_ = 2;
      } else {
        note(header, i, "",
             fmt::format("the column \"{}\" is not supported, expected{} Sparsity or no more columns",
                         header.fields[i].text, products || i > 8 ? "" : " Stride Width,"));
      }
    }
    return products;
  }

  /// The name of a row's layer, made unique: SCALE-Sim allows two of the same.
  std::string name_of(const Row& row) {
    const std::string wanted = plain_name(row.fields[0].text);
    std::string name = wanted;
    for (int i = 2; !names_.insert(name).second; ++i) name = fmt::format("{}_{}", wanted, i);
    return name;
  }

  std::int64_t number(const Row& row, std::size_t field, const std::string& title) {
    const std::string& text = row.fields[field].text;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size() && value >= 1 && value <= kMostElements)
      return value;
    note(row, field, row.fields[0].text + "." + title,
         fmt::format("expected an integer from 1 to {}, got \"{}\"", kMostElements, text));
    return 1;
  }

  /// The numbers behind the name, or nothing when there are too few or too many fields.
  std::vector<std::int64_t> numbers(const Row& row, const std::vector<std::string>& titles) {
    const std::size_t least = titles.size() + (stride_columns_ == 2 ? 1 : 0);
    const std::size_t most = std::max(least, sparsity_column_ ? *sparsity_column_ + 1 : 0);
    if (row.fields.size() < least || row.fields.size() > most) {
      note(row, 0, row.fields[0].text,
           fmt::format("{} fields, expected {}", row.fields.size(),
                       least == most ? std::to_string(least) : fmt::format("{} or {}", least, most)));
      return {};
    }
    const std::size_t before = problems_.size();
    std::vector<std::int64_t> values;
    for (std::size_t i = 1; i < least; ++i)
      values.push_back(number(row, i, i < titles.size() ? titles[i] : "Stride Width"));
    return problems_.size() == before ? values : std::vector<std::int64_t>{};
  }

  /// "2:4", or "1" for all of them.
  Density density(const Row& row) {
    if (!sparsity_column_ || *sparsity_column_ >= row.fields.size()) return {};
    const std::string& text = row.fields[*sparsity_column_].text;
    StructuredSparsity kept{0, 0};
    const char* const end = text.data() + text.size();
    const auto n = std::from_chars(text.data(), end, kept.n);
    if (n.ec == std::errc{} && n.ptr == end && kept.n == 1) return {};
    if (n.ec == std::errc{} && n.ptr != end && *n.ptr == ':') {
      const auto m = std::from_chars(n.ptr + 1, end, kept.m);
      if (m.ec == std::errc{} && m.ptr == end && kept.n >= 1 && kept.n <= kept.m && kept.m <= kMostGroup) {
        return kept.n == kept.m ? Density{} : Density{.structured = kept};
      }
    }
    note(row, *sparsity_column_, row.fields[0].text + ".Sparsity",
         fmt::format("expected n:m such as 2:4, n from 1 to m, m at most {}, or 1; got \"{}\"", kMostGroup,
                     text));
    return {};
  }

  void add(const Row& row, const std::string& name, Operation operation, const Shape& input,
           const Density& kept) {
    if (problems_.size() > earlier_problems_) return;
    try {
      const TensorId from = network_.add_input(name + ".input", input);
      network_.add_layer(
          {.name = name, .operation = std::move(operation), .density = kept, .inputs = {from}});
    } catch (const std::invalid_argument& error) {
      note(row, 0, row.fields[0].text, error.what());
    }
  }

  /// M x K by K x N: M rows of K features become N features each.
  void read_product(const Row& row) {
    const std::vector<std::int64_t> sizes = numbers(row, kProduct);
    const Density kept = density(row);
    if (sizes.empty()) return;
    add(row, name_of(row), Linear{.out_features = sizes[1]}, {sizes[0], sizes[2]}, kept);
  }

  void read_convolution(const Row& row) {
    const std::vector<std::int64_t> sizes = numbers(row, kConvolution);
    const Density kept = density(row);
    if (sizes.empty()) return;
    const std::array<std::int64_t, 2> input = {sizes[0], sizes[1]}, kernel = {sizes[2], sizes[3]};
    const std::array<std::int64_t, 2> stride = {sizes[6], stride_columns_ == 2 ? sizes[7] : sizes[6]};
    Convolution conv{.window = {.kernel = kernel, .stride = stride}, .out_channels = sizes[5]};
    for (std::size_t axis = 0; axis < 2; ++axis) {
      if (kernel[axis] > input[axis]) {
        note(row, 3 + axis, row.fields[0].text + "." + kConvolution[3 + axis],
             fmt::format("a filter of {} on an input of {}, expected at most as much", kernel[axis],
                         input[axis]));
        return;
      }
      // SCALE-Sim rounds up: a last window that reaches beyond the input counts.
      const std::int64_t rest = (input[axis] - kernel[axis]) % stride[axis];
      if (rest != 0) conv.window.padding[2 + axis] = stride[axis] - rest;
    }
    // SCALE-Sim runs a layer with DP in its name channel by channel, Num Filter filters each.
    const bool depthwise = row.fields[0].text.find("DP") != std::string::npos;
    if (depthwise) {
      if (conv.out_channels > kMostElements / sizes[4]) {
        note(row, 6, row.fields[0].text + ".Num Filter",
             fmt::format("{} filters for each of {} channels are more than 2^40", conv.out_channels,
                         sizes[4]));
        return;
      }
      conv.groups = sizes[4];
      conv.out_channels *= sizes[4];
    }
    add(row, name_of(row), conv, {1, sizes[4], input[0], input[1]}, kept);
  }

  std::string file_;
  Network network_;
  std::vector<Problem> problems_;
  std::size_t earlier_problems_ = 0;  ///< those of the rows before this one
  std::set<std::string> names_;
  std::optional<std::size_t> sparsity_column_;
  int stride_columns_ = 1;
};

}  // namespace

Network read_scalesim_topology(const std::filesystem::path& file) {
  return parse_scalesim_topology(read_text(file, "a SCALE-Sim topology"), file.string());
}

Network parse_scalesim_topology(const std::string& text, const std::string& file) {
  return Topology(file, plain_name(std::filesystem::path(file).stem().string())).read(rows_of(text));
}

}  // namespace heddle::workload
