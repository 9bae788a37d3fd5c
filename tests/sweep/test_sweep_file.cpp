// Is a sweep file read as it is meant, and is everything wrong in one said with its place?
#include <catch2/catch.hpp>
#include <set>

#include "app/sweep/space.h"
#include "app/sweep/sweep_file.h"
#include "support/error.h"

using namespace heddle;
using Catch::Contains;
using sweep::Scalar;

namespace {

const app::ConfigLibrary kLibrary({HEDDLE_SOURCE_DIR "/configs"});

sweep::SweepFile read(const std::string& rest) {
  return sweep::parse_sweep_file("base: {network: lenet-5, arch: dense-8x8}\n" + rest, "s.yaml");
}

std::string refusal(const std::string& rest) {
  try {
    const sweep::SweepFile file = read(rest);
    const sweep::Space space(file, kLibrary);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::vector<std::string> labels(const sweep::Axis& axis) {
  std::vector<std::string> texts;
  for (const sweep::Choice& choice : axis.choices) texts.push_back(sweep::text_of(choice.label));
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("axes are lists and ranges and powers of two and orders and choices") {
  const auto file = read(R"(axes:
  network: [lenet-5, lenet-300-100]
  rows: {key: arch.array.rows, range: [4, 12, 4]}
  columns: {key: [arch.array.columns, arch.array.ports.outputs], powers_of_two: [3, 20]}
  buffer: {key: arch.memory.buffer.size, values: [64 KiB, 131072]}
  order: {key: constraints.levels.innermost.order, order: [M, C, P]}
  spread: {key: constraints.levels.array.columns, choose: 2, of: [N, P, Q]}
  pruning:
    together:
      dense: {recipe: int8, arch.array.sparsity: ~}
      2:4: {recipe: int8-2-4, arch.array.sparsity: "2:4"}
)");
  REQUIRE(file.axes.size() == 7);
  CHECK(labels(file.axes[0]) == Texts{"lenet-5", "lenet-300-100"});
  CHECK(labels(file.axes[1]) == Texts{"4", "8", "12"});
  CHECK(labels(file.axes[2]) == Texts{"4", "8", "16"});
  CHECK(file.axes[2].choices[0].settings ==
        std::vector<yaml::Edit>{{"arch.array.columns", "4"}, {"arch.array.ports.outputs", "4"}});
  CHECK(labels(file.axes[3]) == Texts{"64 KiB", "131072"});
  CHECK(labels(file.axes[4]).size() == 6);
  CHECK(labels(file.axes[4])[1] == "M, P, C");
  CHECK(file.axes[4].choices[1].settings.front().value == "[M, P, C]");
  CHECK(labels(file.axes[5]) == Texts{"N, P", "N, Q", "P, Q"});
  CHECK(labels(file.axes[6]) == Texts{"dense", "2:4"});
  CHECK(file.axes[6].choices[0].settings ==
        std::vector<yaml::Edit>{{"recipe", "int8"}, {"arch.array.sparsity", "~"}});
  const sweep::Space space(file, kLibrary);
  CHECK(space.size() == 2U * 3 * 3 * 2 * 6 * 3 * 2);
  for (const std::uint64_t position :
       {std::uint64_t{0}, std::uint64_t{1}, space.size() / 2, space.size() - 1})
    CHECK(space.position(space.at(position)) == position);
}

TEST_CASE("conditions and computed keys and derived values see axes and files") {
  const auto file = read(R"(axes:
  rows: {key: arch.array.rows, values: [4, 8, 16]}
  buffer: {key: arch.memory.buffer.size, values: [64 KiB, 128 KiB]}
set:
  arch.array.ports.outputs: rows
derived:
  pes: rows * arch.array.columns
  bytes: buffer / pes
where: [pes >= 64, buffer <= 65536]
objectives: {minimize: [latency], maximize: [tops]}
)");
  const sweep::Space space(file, kLibrary);
  const auto points = sweep::sampled(space, file.sample);
  REQUIRE(points.size() == 2);  // rows 8 and 16 of dense-8x8's 8 columns, with 64 KiB
  CHECK(space.derived(points[0]) == std::vector<double>{64, 1024});
  CHECK(space.derived(points[1]) == std::vector<double>{128, 512});
  CHECK(space.settings(points[1]).back() == yaml::Edit{"arch.array.ports.outputs", "16"});
  CHECK(space.workload(points[0]) == "lenet-5");
  CHECK(space.value(points[0], "arch.array.lanes") == Scalar(8.0));
  CHECK_FALSE(space.value(points[0], "arch.array.nothing"));
}

TEST_CASE("samples are distinct and allowed and the same for a seed") {
  for (const std::string method : {"random", "latin_hypercube"}) {
    CAPTURE(method);
    const auto file = read(
        "axes: {rows: {key: arch.array.rows, range: [1, 40]}, lanes: {key: arch.array.lanes, range: [1, "
        "25]}}\n"
        "where: mod(rows, 2) == 1\nsample: {method: " +
        method + ", points: 50, seed: 3}\n");
    const sweep::Space space(file, kLibrary);
    const auto points = sweep::sampled(space, file.sample);
    CHECK(points.size() == 50);
    for (std::size_t i = 0; i < points.size(); ++i) {
      CHECK(space.allowed(points[i]));
      if (i > 0) CHECK(space.position(points[i - 1]) < space.position(points[i]));
    }
    CHECK(sweep::sampled(space, file.sample) == points);
  }
}

TEST_CASE("a Latin hypercube meets every stratum of every axis") {
  const auto file = read(
      "axes: {rows: {key: arch.array.rows, range: [1, 20]}, lanes: {key: arch.array.lanes, range: [1, 20]}}\n"
      "sample: {method: latin_hypercube, points: 20}\n");
  const sweep::Space space(file, kLibrary);
  const auto points = sweep::sampled(space, file.sample);
  REQUIRE(points.size() == 20);
  for (const std::size_t axis : {0U, 1U}) {
    std::set<std::size_t> met;
    for (const sweep::Point& point : points) met.insert(point[axis]);
    CHECK(met.size() == 20);
  }
}

TEST_CASE("everything wrong in a sweep file is said with its place") {
  const std::string axes = "axes: {rows: {key: arch.array.rows, values: [4, 8]}}\n";
  CHECK(refusal(axes).empty());
  CHECK_THAT(refusal("axis: {}"), Contains("s.yaml:2:1: axis: unknown key (did you mean \"axes\"?)"));
  CHECK_THAT(refusal("axes: {rows: {key: array.rows, values: [4]}}"),
             Contains("axes.rows.key: \"array\" is in no file of a run"));
  CHECK_THAT(refusal("axes: {netwrok: [lenet-5]}"),
             Contains("axes.netwrok: unknown key (did you mean \"network\"?)"));
  CHECK_THAT(refusal("axes: {rows: {key: arch.array.rows, values: []}}"),
             Contains("axes.rows: has no values"));
  CHECK_THAT(refusal("axes: {rows: {key: arch.array.rows, values: [4, 4]}}"), Contains("4 is given twice"));
  CHECK_THAT(refusal("axes: {rows: {key: arch.array.rows, range: [8, 4]}}"), Contains("at least 8, got 4"));
  CHECK_THAT(refusal("axes: {rows: {key: arch.array.rows, range: [1, 2], values: [3]}}"),
             Contains("expected exactly one of"));
  CHECK_THAT(refusal(axes + "where: rows *"), Contains("where: \"rows *\""));
  CHECK_THAT(refusal(axes + "where: colums > 2"),
             Contains("where: \"colums > 2\": nothing is called \"colums\""));
  CHECK_THAT(refusal(axes + "derived: {a: b + 1, b: a}"),
             Contains("derived.a: \"b + 1\": nothing is called \"b\""));
  CHECK_THAT(refusal(axes + "derived: {rows: 2}"), Contains("an axis has that name already"));
  CHECK_THAT(refusal(axes + "set: {arch.array.lanes: many}"), Contains("set.arch.array.lanes: \"many\""));
  CHECK_THAT(refusal(axes + "sample: {method: sobol, points: 4}"), Contains("unknown value \"sobol\""));
  CHECK_THAT(refusal(axes + "sample: {method: random}"), Contains("the key \"points\" is missing"));
  CHECK_THAT(refusal(axes + "objectives: {}"), Contains("expected at least one objective"));
  CHECK_THAT(refusal(axes + "refine: all"), Contains("unknown value \"all\""));
  CHECK_THAT(refusal(axes + "refine: {within: 200 %}"), Contains("refine.within"));
  CHECK_THAT(refusal("axes: {a: {key: arch.array.rows, order: [M]}}"),
             Contains("has 1 items, expected 2 to 7"));
  CHECK_THAT(refusal("axes: {f: {key: fidelity, values: [exact]}}"),
             Contains("fidelity: expected analytical, fast, clocked, got \"exact\""));
}
