// Do errors name their place, and are near misses proposed?
#include <catch2/catch.hpp>

#include "support/error.h"

using heddle::did_you_mean;
using heddle::InputError;
using heddle::Problem;

TEST_CASE("a problem's text holds exactly the parts that are known", "[error]") {
  CHECK(Problem{"a.yaml", 3, 7, "array.rows", "expected an integer"}.text() ==
        "a.yaml:3:7: array.rows: expected an integer");
  CHECK(Problem{"a.yaml", 0, 0, "array.rows", "is missing"}.text() == "a.yaml: array.rows: is missing");
  CHECK(Problem{"a.yaml", 3, 7, "", "no map"}.text() == "a.yaml:3:7: no map");
  CHECK(Problem{"", 0, 0, "--jobs", "no number"}.text() == "--jobs: no number");
  CHECK(Problem{"", 0, 0, "", "nothing to do"}.text() == "nothing to do");
}

TEST_CASE("an error reports all problems, a line each, in order", "[error]") {
  const InputError error({Problem{"f", 1, 1, "a", "first"}, Problem{"f", 2, 1, "b", "second"}});
  CHECK(std::string(error.what()) == "f:1:1: a: first\nf:2:1: b: second");
  CHECK(error.problems().size() == 2);
  CHECK(std::string(InputError("f", "gone").what()) == "f: gone");
}

TEST_CASE("a name within a third of its letters is proposed, a stranger is not", "[error]") {
  const std::vector<std::string> known = {"weights", "activations", "accumulators"};
  CHECK(did_you_mean("weigths", known) == " (did you mean \"weights\"?)");         // distance 2
  CHECK(did_you_mean("activation", known) == " (did you mean \"activations\"?)");  // distance 1
  CHECK(did_you_mean("clock", known).empty());
  CHECK(did_you_mean("weights", {}).empty());
  CHECK(did_you_mean("", known).empty());
  CHECK(did_you_mean("ab", {"cd"}).empty());                          // no letter in common
  CHECK(did_you_mean("abc", {"adc"}) == " (did you mean \"adc\"?)");  // up to distance 2 in short words
  CHECK(did_you_mean("row", {"rowss", "rows"}) == " (did you mean \"rows\"?)");  // the nearest wins
}
