// Do edits reach what their key paths name, and nothing else?
#include <catch2/catch.hpp>

#include "support/yaml.h"

using namespace heddle;
using Catch::Contains;

namespace {

yaml::Document machine() {
  return yaml::Document::parse(
      "array: {rows: 8, bits: {weights: 8}}\nmemory:\n  - {name: dram, bandwidth: 16}\n  - {name: buffer, "
      "size: 64 KiB}\n",
      "m.yaml");
}

std::string refusal(const yaml::Edit& edit) {
  yaml::Document document = machine();
  try {
    document.edit(edit);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("an edit sets a key in maps and in lists by name and by position", "[yaml]") {
  yaml::Document document = machine();
  document.edit({"array.rows", "32"});
  document.edit({"memory.buffer.size", "1 MiB"});
  document.edit({"memory.0.bandwidth", "64"});
  document.edit({"array.ports.weights", "128"});  // a map that was not there
  document.edit({"array.bits", "{weights: 4, activations: 4}"});
  CHECK(document.scalar("array.rows") == "32");
  CHECK(document.scalar("memory.buffer.size") == "1 MiB");
  CHECK(document.scalar("memory.dram.bandwidth") == "64");
  CHECK(document.scalar("array.ports.weights") == "128");
  CHECK(document.scalar("array.bits.activations") == "4");
  CHECK_FALSE(document.scalar("array.columns"));
  CHECK_FALSE(document.scalar("array.bits"));  // a map is no scalar
}

TEST_CASE("an edit of nothing removes the key", "[yaml]") {
  yaml::Document document = machine();
  document.edit({"array.rows", "~"});
  CHECK_FALSE(document.root().required("array").has("rows"));
  CHECK(document.root().required("array").has("bits"));
}

TEST_CASE("what an edit set wrongly is reported by its key and without a line", "[yaml]") {
  yaml::Document document = machine();
  document.edit({"array.rows", "many"});
  document.root().required("array").required("rows").integer();
  CHECK_THROWS_WITH(document.finish(), "m.yaml: array.rows: expected an integer, got \"many\"");
}

TEST_CASE("an edit that leads nowhere says so", "[yaml]") {
  CHECK_THAT(refusal({"memory.bufer.size", "1"}),
             Contains("no element \"bufer\" (did you mean \"buffer\"?)"));
  CHECK_THAT(refusal({"memory.7.size", "1"}), Contains("a position below 2"));
  CHECK_THAT(refusal({"array.rows.more", "1"}),
             Contains("below a value that has no keys") || Contains("no keys"));
  CHECK_THAT(refusal({"", "1"}), Contains("expected a key path"));
  CHECK_THAT(refusal({"array..rows", "1"}), Contains("expected a key path"));
  CHECK_THAT(refusal({"array.rows", "[1"}), Contains("is not valid YAML"));
}

TEST_CASE("equal content has equal canonical text whatever the layout", "[yaml]") {
  const auto canonical = [](const std::string& text) { return yaml::Document::parse(text, "f").canonical(); };
  CHECK(canonical("{a: 1, b: [x, y]}") == canonical("b:\n  - x\n  - y  # a comment\na: 1\n"));
  CHECK(canonical("{a: 1}") != canonical("{a: 2}"));
  CHECK(canonical("{b: [x, y]}") != canonical("{b: [y, x]}"));
  CHECK(canonical("{a: [b]}") != canonical("{a: b}"));
  CHECK(canonical("{a: {b: c}}") != canonical("{a: {b: {c: ~}}}"));
}
