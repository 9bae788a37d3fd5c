// Text tables with aligned columns, and numbers as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heddle::app {

/// Columns are as wide as their widest cell (UTF-8 code points), two spaces apart; no trailing spaces.
class Table {
 public:
  enum class Align : std::uint8_t { left, right };
  struct Column {
    std::string title;
    Align align = Align::right;
  };

  explicit Table(std::vector<Column> columns);

  /// Throws std::invalid_argument when the number of cells is not that of the columns.
  void row(std::vector<std::string> cells);
  /// A line across the table, before the next row.
  void rule();
  std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;  ///< an empty row is a rule
};

/// 105415200 as "105,415,200".
std::string grouped(std::int64_t number);
/// Three significant digits with the prefix that fits: scaled(0.00123, "s") is "1.23 ms"; 0 is "0 s". From
/// pico to tera.
std::string scaled(double value, const std::string& unit);
/// 0.7812 as "78.1 %".
std::string percent(double share);

}  // namespace heddle::app
