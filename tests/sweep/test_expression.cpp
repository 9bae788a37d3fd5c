// Does arithmetic over names give what it says, and does everything else end in a message?
#include <catch2/catch.hpp>
#include <stdexcept>

#include "app/sweep/expression.h"

using namespace heddle;
using Catch::Contains;
using sweep::Expression;
using sweep::Scalar;

namespace {

std::optional<Scalar> names(const std::string& name) {
  if (name == "rows") return Scalar(16.0);
  if (name == "arch.array.lanes") return Scalar(8.0);
  if (name == "network") return Scalar(std::string("resnet50"));
  return std::nullopt;
}

std::string refusal(const std::string& text) {
  try {
    Expression(text).number(names);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("numbers with units are numbers, other texts stay texts") {
  CHECK(sweep::scalar_of("16") == Scalar(16.0));
  CHECK(sweep::scalar_of("-0.5") == Scalar(-0.5));
  CHECK(sweep::scalar_of("64 KiB") == Scalar(65536.0));
  CHECK(sweep::scalar_of("800 MHz") == Scalar(8e8));
  for (const char* text : {"2:4", "64 KiBs", "", "nan", "inf", "resnet50", "1e"})
    CHECK(sweep::scalar_of(text) == Scalar(std::string(text)));
  CHECK(sweep::text_of(16.0) == "16");
  CHECK(sweep::text_of(std::string("2:4")) == "2:4");
}

TEST_CASE("expressions know arithmetic and comparisons and texts") {
  CHECK(Expression("rows * arch.array.lanes + 1").number(names) == 129);
  CHECK(Expression("rows * 64 <= 1024").truth(names));
  CHECK_FALSE(Expression("rows * 64 < 1024").truth(names));
  CHECK(Expression("network == \"resnet50\" and rows > 8").truth(names));
  CHECK(Expression("network == \"alexnet\" or rows > 8").truth(names));
  CHECK(Expression("max(rows, 20) + min(rows, 20)").number(names) == 36);
  CHECK(Expression("log2(rows)").number(names) == 4);
  CHECK(Expression("floor(rows / 3) + ceil(rows / 3)").number(names) == 11);
  CHECK(Expression("mod(rows, 5)").number(names) == 1);
  CHECK(Expression("rows > 8 ? 5 : 6").number(names) == 5);
  CHECK(Expression("rows^2").number(names) == 256);
  CHECK(Expression("arch.array.lanes * rows").names() ==
        std::vector<std::string>{"arch.array.lanes", "rows"});
}

TEST_CASE("an expression may be evaluated again with other values") {
  const Expression doubled("2 * x");
  for (const double x : {0.0, 1.5, -3.0})
    CHECK(doubled.number([&](const std::string&) { return std::optional<Scalar>(x); }) == 2 * x);
}

TEST_CASE("what cannot be read or worked out says why") {
  CHECK_THAT(refusal("rows +"), Contains("end of expression"));
  CHECK_THAT(refusal(""), Contains("empty"));
  CHECK_THAT(refusal("(((rows"), Contains("parenthesis") || Contains("bracket") || Contains("end"));
  CHECK_THAT(refusal("colums * 2"), Contains("nothing is called \"colums\""));
  CHECK_THAT(refusal("network + 1"), !Contains("nothing is called") && Contains("type"));
  CHECK_THAT(refusal("network"), Contains("is the text \"resnet50\", expected a number"));
}
