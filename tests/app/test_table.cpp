// Do tables line up, and do numbers read well?
#include <catch2/catch.hpp>
#include <stdexcept>

#include "app/table.h"

using heddle::app::grouped;
using heddle::app::percent;
using heddle::app::scaled;
using heddle::app::Table;

TEST_CASE("columns are as wide as their widest cell", "[table]") {
  Table table({{"layer", Table::Align::left}, {"n"}, {"why", Table::Align::left}});
  table.row({"c", "1,000", "x"});
  table.rule();
  table.row({"longest", "2", ""});
  CHECK(table.text() ==
        "layer        n  why\n"
        "-------------------\n"
        "c        1,000  x\n"
        "-------------------\n"
        "longest      2\n");
}

TEST_CASE("letters of several bytes take one column", "[table]") {
  Table table({{"a"}, {"b"}});
  table.row({"\u00b5J", "1"});
  table.row({"xyz", "1"});
  CHECK(table.text() == "  a  b\n------\n \u00b5J  1\nxyz  1\n");
}

TEST_CASE("a row of the wrong length is refused", "[table]") {
  Table table({{"a"}, {"b"}});
  CHECK_THROWS_AS(table.row({"1"}), std::invalid_argument);
  CHECK_THROWS_AS(table.row({}), std::invalid_argument);
}

TEST_CASE("thousands are grouped", "[table]") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(105415200) == "105,415,200");
  CHECK(grouped(-999) == "-999");
  CHECK(grouped(-1000) == "-1,000");
  CHECK(grouped(INT64_MIN) == "-9,223,372,036,854,775,808");
}

TEST_CASE("prefixes keep three digits", "[table]") {
  CHECK(scaled(0, "J") == "0 J");
  CHECK(scaled(1, "J") == "1.00 J");
  CHECK(scaled(999.4, "J") == "999 J");
  CHECK(scaled(999.6, "J") == "1.00 kJ");  // would round to 1000
  CHECK(scaled(0.9994, "s") == "999 ms");
  CHECK(scaled(0.9996, "s") == "1.00 s");
  CHECK(scaled(800e6, "Hz") == "800 MHz");
  CHECK(scaled(1.5e-12, "J") == "1.50 pJ");
  CHECK(scaled(1e-14, "J") == "0.01 pJ");
  CHECK(scaled(2e16, "J") == "20000 TJ");
  CHECK(scaled(-1234, "J") == "-1.23 kJ");
  CHECK(percent(0.7812) == "78.1 %");
}
