// Does --layers choose what its words say?
#include <catch2/catch.hpp>

#include "app/select_layers.h"
#include "support/error.h"

using heddle::app::select_layers;

namespace {
const std::vector<std::string> kNames = {"conv1", "conv-2", "2", "2-3", "fc"};
using Indices = std::vector<int>;
}  // namespace

TEST_CASE("names, positions and ranges, in the network's order and once each", "[layers]") {
  CHECK(select_layers("", kNames) == Indices{0, 1, 2, 3, 4});
  CHECK(select_layers("fc,conv1", kNames) == Indices{0, 4});
  CHECK(select_layers("conv-2", kNames) == Indices{1});
  CHECK(select_layers("1-3", kNames) == Indices{0, 1, 2});
  CHECK(select_layers("1-3,3-4,1", kNames) == Indices{0, 1, 2, 3});
  CHECK(select_layers("5-5", kNames) == Indices{4});
  CHECK(select_layers("2", kNames) == Indices{2});    // the name before the position
  CHECK(select_layers("2-3", kNames) == Indices{3});  // the same
}

TEST_CASE("everything that names no layer is reported at once", "[layers]") {
  CHECK_THROWS_WITH(select_layers("convl", kNames),
                    "--layers: no layer is called \"convl\" (did you mean \"conv1\"?)");
  CHECK_THROWS_WITH(select_layers("0", kNames), "--layers: \"0\" is outside the layers 1 to 5");
  CHECK_THROWS_WITH(select_layers("4-6", kNames), "--layers: \"4-6\" is outside the layers 1 to 5");
  CHECK_THROWS_WITH(select_layers("5-4", kNames), "--layers: \"5-4\" runs backwards; expected \"4-5\"");
  CHECK_THROWS_WITH(select_layers("99999999999", kNames), Catch::Contains("no layer is called"));
  CHECK_THROWS_WITH(select_layers("1--2", kNames), Catch::Contains("no layer is called \"1--2\""));
  CHECK_THROWS_WITH(select_layers("1-", kNames), Catch::Contains("no layer is called \"1-\""));
  CHECK_THROWS_WITH(select_layers("fc,", kNames), Catch::Contains("an empty name"));
  try {
    select_layers("x,0,y", kNames);
    FAIL("no error");
  } catch (const heddle::InputError& error) {
    CHECK(error.problems().size() == 3);
  }
}
