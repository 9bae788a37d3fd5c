// Does every way of writing a YAML file wrongly end in a message with its place, and never in a crash?
#include <catch2/catch.hpp>
#include <limits>

#include "support/yaml.h"

using namespace heddle;
using Catch::Contains;

namespace {

/// The root of a text; problems end up in `document`.
struct Text {
  explicit Text(const std::string& text) : document(yaml::Document::parse(text, "f")) {}
  yaml::Value at(const std::string& key) const { return document.root().required(key); }
  std::string problems() const {
    try {
      document.finish();
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  yaml::Document document;
};

std::string refusal(const std::string& text) {
  try {
    yaml::Document::parse(text, "f");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("good values are read and no problem is noted", "[yaml]") {
  const Text text("{i: -3, n: 2.5, b: true, t: word, k: 512 KiB, h: 800 MHz, l: [1, 2], m: {x: 1}}");
  CHECK(text.at("i").integer() == -3);
  CHECK(text.at("n").number(0, 3) == 2.5);
  CHECK(text.at("b").boolean());
  CHECK(text.at("t").text() == "word");
  CHECK(text.at("t").one_of({"other", "word"}) == "word");
  CHECK(text.at("k").bytes() == 512 * 1024);
  CHECK(text.at("h").hertz() == 800e6);
  CHECK(text.at("l").elements().size() == 2);
  CHECK(text.at("l").elements()[1].path() == "l[1]");
  CHECK(text.at("m").required("x").path() == "m.x");
  CHECK(text.document.root().keys() == std::vector<std::string>{"i", "n", "b", "t", "k", "h", "l", "m"});
  CHECK_FALSE(text.document.root().optional("absent"));
  CHECK(text.problems().empty());
}

TEST_CASE("sizes and frequencies have the usual units", "[yaml]") {
  struct Case {
    const char* text;
    std::int64_t bytes;
  };
  for (const Case& c :
       {Case{"7", 7}, Case{"64 B", 64}, Case{"64B", 64}, Case{"1.5 KiB", 1536}, Case{"1 MiB", 1 << 20},
        Case{"2 GiB", std::int64_t{2} << 30}, Case{"1 kB", 1000}, Case{"3 MB", 3000000}}) {
    const Text text(std::string("a: ") + c.text);
    CHECK(text.at("a").bytes() == c.bytes);
    CHECK(text.problems().empty());
  }
  const Text text("{a: 1 GHz, b: 32 kHz, c: 50, d: 50 Hz}");
  CHECK(text.at("a").hertz() == 1e9);
  CHECK(text.at("b").hertz() == 32e3);
  CHECK(text.at("c").hertz() == text.at("d").hertz());
  CHECK(text.problems().empty());
}

TEST_CASE("a bad value is noted with its place, and reading goes on", "[yaml]") {
  using Read = void (*)(const yaml::Value&);
  struct Case {
    const char* value;
    Read read;
    const char* expected;
  };
  const Read integer = [](const yaml::Value& v) { CHECK(v.integer(1, 8) >= 1); };
  const Read number = [](const yaml::Value& v) { CHECK(v.number(0, 1) <= 1); };
  const Read bytes = [](const yaml::Value& v) { CHECK(v.bytes() > 0); };
  const Read hertz = [](const yaml::Value& v) { CHECK(v.hertz() > 0); };
  const Read list = [](const yaml::Value& v) { CHECK(v.elements().empty()); };
  const Read choice = [](const yaml::Value& v) { v.one_of({"sram", "dram"}); };
  const std::vector<Case> cases = {
      {"word", integer, "expected an integer, got \"word\""},
      {"1.5", integer, "expected an integer, got \"1.5\""},
      {"99999999999999999999", integer, "expected an integer"},
      {"0", integer, "expected an integer from 1 to 8, got 0"},
      {"-4", integer, "expected an integer from 1 to 8, got -4"},
      {"[1]", integer, "expected an integer, got a list"},
      {"{x: 1}", integer, "expected an integer, got a map"},
      {"~", integer, "expected an integer, got nothing"},
      {".nan", number, "expected a number from 0 to 1, got nan"},
      {".inf", number, "expected a number from 0 to 1, got inf"},
      {"1.01", number, "expected a number from 0 to 1, got 1.01"},
      {"0 B", bytes, "got \"0 B\""},
      {"-1 KiB", bytes, "got \"-1 KiB\""},
      {"1 KB", bytes, "got \"1 KB\""},
      {"0.5", bytes, "got \"0.5\""},
      {"1e30 GiB", bytes, "got \"1e30 GiB\""},
      {"inf", bytes, "expected a positive size"},
      {"800 MHZ", hertz, "got \"800 MHZ\""},
      {"-1", hertz, "expected a positive frequency"},
      {"1e9 GHz", hertz, "expected a positive frequency"},
      {"5", list, "expected a list, got \"5\""},
      {"srma", choice, "unknown value \"srma\" (did you mean \"sram\"?); expected one of sram, dram"},
      {"[sram]", choice, "expected a text, got a list"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.value, c.expected);
    const Text text(std::string("\nouter:\n  a: ") + c.value + "\n");
    c.read(text.at("outer").required("a"));
    CHECK_THAT(text.problems(), Catch::StartsWith("f:3:") && Contains(": outer.a: ") && Contains(c.expected));
    CHECK(text.problems().find('\n') == std::string::npos);  // once
  }
}

TEST_CASE("keys: unknown, doubled, missing, of no map", "[yaml]") {
  const Text text("rows: 1\nrwos: 2\nrows: 3\nlist: [1]\n");
  text.document.root().only_keys({"rows", "list"});
  text.document.root().required("columns");
  text.at("list").required("x");
  text.at("list").only_keys({"x"});
  CHECK(text.problems() ==
        "f:2:1: rwos: unknown key (did you mean \"rows\"?); known here: rows, list\n"
        "f:3:1: rows: given twice\n"
        "f:1:1: the key \"columns\" is missing\n"
        "f:4:7: list: expected a map with the key \"x\", got a list\n"
        "f:4:7: list: expected a map with the keys x, got a list");
}

TEST_CASE("an absent value is noted once, whatever is asked of it", "[yaml]") {
  const Text text("a: 1");
  const yaml::Value absent = text.at("b");
  CHECK(absent.integer(5) >= 5);
  CHECK(absent.text().empty());
  CHECK(absent.bytes() > 0);
  CHECK(absent.elements().empty());
  absent.required("c").only_keys({"d"});
  CHECK(text.problems() == "f:1:1: the key \"b\" is missing");
}

TEST_CASE("what is no YAML is refused with its place", "[yaml]") {
  CHECK_THAT(refusal("a: [1, 2\n"), Catch::StartsWith("f:2:1: is not valid YAML"));
  CHECK_THAT(refusal("a: 'open"), Contains("is not valid YAML"));
  CHECK_THAT(refusal("a: *nobody"), Contains("is not valid YAML"));
  CHECK_THAT(refusal(std::string(20000, '[')), Contains("is not valid YAML"));
  CHECK_THAT(refusal("a: 1\n---\nb: 2\n"), Contains("holds 2 YAML documents"));
  CHECK(refusal("").empty());  // an empty document: its keys are missing
}

TEST_CASE("aliases cannot make a file endless", "[yaml]") {
  CHECK_THAT(refusal("a: &a [*a]"), Contains("an alias that contains itself"));
  CHECK_THAT(refusal("a: &a {b: *a}"), Contains("an alias that contains itself"));
  std::string bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";  // 10^9 values in nine lines
  for (int i = 1; i < 9; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias;
    for (int j = 1; j < 10; ++j) bomb += ", " + alias;
    bomb += "]\n";
  }
  CHECK_THAT(refusal(bomb), Contains("stands for more than ten million values"));
  CHECK(refusal("a: &a [1]\nb: *a\n").empty());
}

TEST_CASE("files that cannot be read are named", "[yaml]") {
  CHECK_THROWS_WITH(yaml::Document::load("/nowhere/a.yaml"), Contains("/nowhere/a.yaml: cannot be read"));
  CHECK_THROWS_WITH(yaml::Document::load("/"), Contains("is a folder"));
  CHECK_THROWS_WITH(yaml::Document::load("/dev/zero"), Contains("larger than 64 MiB"));
}
