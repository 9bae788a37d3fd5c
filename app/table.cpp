#include "app/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace heddle::app {
namespace {

/// Code points: bytes that do not continue another.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::row(std::vector<std::string> cells) {
  if (cells.size() != columns_.size() || cells.empty()) {
    throw std::invalid_argument(
        fmt::format("a row of {} cells in a table of {} columns", cells.size(), columns_.size()));
  }
  rows_.push_back(std::move(cells));
}

void Table::rule() { rows_.emplace_back(); }

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t widest = width(columns_[c].title);
    for (const auto& cells : rows_) {
      if (!cells.empty()) widest = std::max(widest, width(cells[c]));
    }
    widths.push_back(widest);
  }
  const auto line = [&](const auto& cell) {
    std::string result;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::string& text = cell(c);
      const std::string padding(widths[c] - width(text), ' ');
      if (c > 0) result += "  ";
      result += columns_[c].align == Align::left ? text + padding : padding + text;
    }
    return without_trailing_spaces(std::move(result)) + "\n";
  };
  std::size_t across = columns_.empty() ? 0 : 2 * (columns_.size() - 1);
  for (const std::size_t w : widths) across += w;
  const std::string ruler = std::string(across, '-') + "\n";

  std::string result = line([&](std::size_t c) -> const std::string& { return columns_[c].title; }) + ruler;
  for (const auto& cells : rows_) {
    result += cells.empty() ? ruler : line([&](std::size_t c) -> const std::string& { return cells[c]; });
  }
  return result;
}

std::string grouped(std::int64_t number) {
  std::string digits = fmt::format("{}", number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string scaled(double value, const std::string& unit) {
  static constexpr std::array<const char*, 9> prefixes = {"p", "n", "u", "m", "", "k", "M", "G", "T"};
  if (value == 0 || !std::isfinite(value)) return fmt::format("{:.0f} {}", value, unit);
  std::size_t prefix = 4;
  double mantissa = std::abs(value);
  while (mantissa < 0.9995 && prefix > 0) mantissa *= 1000, --prefix;
  while (mantissa >= 999.5 && prefix + 1 < prefixes.size()) mantissa /= 1000, ++prefix;
  const int decimals = mantissa >= 99.95 ? 0 : mantissa >= 9.995 ? 1 : 2;
  return fmt::format("{}{:.{}f} {}{}", value < 0 ? "-" : "", mantissa, decimals, prefixes[prefix], unit);
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

}  // namespace heddle::app
