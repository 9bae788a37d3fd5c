// Does a sweep come to the same rows whoever works them out and however often it is killed, and does no point
// take others along?
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <random>

#include "tests/end_to_end/program.h"
#include "tests/scratch_folder.h"

namespace heddle::end_to_end {
namespace {

using Catch::Contains;
using nlohmann::json;

const std::string kNet = R"(name: net
input: [1, 24]
layers:
  - {name: fc1, op: linear, out: 18, activation: relu}
  - {name: fc2, op: linear, out: 10}
)";

/// 18 points, analyzed; the front is simulated.
const std::string kSweep = R"(name: small
base: {network: net.yaml, arch: dense-8x8}
axes:
  rows: {key: arch.array.rows, values: [2, 4, 8]}
  lanes: {key: arch.array.lanes, powers_of_two: [2, 8]}
  buffer: {key: arch.memory.buffer.size, values: [16 KiB, 32 KiB]}
derived: {multipliers: rows * arch.array.columns * lanes}
objectives: {minimize: [latency, area]}
refine: front
)";

const std::string kSearch = R"(name: searched
base: {network: net.yaml, arch: dense-8x8}
axes:
  rows: {key: arch.array.rows, range: [1, 16]}
  columns: {key: arch.array.columns, range: [1, 16]}
  lanes: {key: arch.array.lanes, range: [1, 16]}
  order: {key: constraints.levels.innermost.order, order: [M, C, N]}
objectives: {minimize: [latency, area, energy]}
search: {method: nsga2, points: 40, population: 10, compare: random}
)";

/// All rows but those that say how long something took, or what it was called.
std::vector<std::string> rows(const std::filesystem::path& database) {
  SQLite::Database db(database.string(), SQLite::OPEN_READONLY);
  std::vector<std::string> all;
  for (const char* table : {"columns", "points", "layers", "members", "search", "refined"}) {
    SQLite::Statement query(db, fmt::format("SELECT * FROM {}", table));
    while (query.executeStep()) {
      std::string row = table;
      for (int i = 0; i < query.getColumnCount(); ++i) row += "|" + query.getColumn(i).getString();
      all.push_back(std::move(row));
    }
  }
  return all;
}

std::int64_t count(const std::filesystem::path& database, const std::string& query) {
  SQLite::Database db(database.string(), SQLite::OPEN_READONLY);
  return db.execAndGet(query).getInt64();
}

class Folder {
 public:
  explicit Folder(const std::string& sweep) {
    folder.write("net.yaml", kNet);
    folder.write("s.yaml", sweep);
  }
  Outcome run(const std::string& output, const std::string& more = "--jobs 2") const {
    const auto arguments = words("sweep s.yaml --output " + output + " " + more);
    Outcome outcome = run_heddle(folder.path(), arguments);
    UNSCOPED_INFO(transcript(arguments, outcome));
    return outcome;
  }
  std::filesystem::path database(const std::string& output) const {
    return folder.path() / output / "sweep.db";
  }

  tests::ScratchFolder folder;
};

}  // namespace

TEST_CASE("a sweep gives the same rows for any number of workers") {
  const Folder here(kSweep);
  REQUIRE(here.run("one", "--jobs 1").status == 0);
  REQUIRE(here.run("four", "--jobs 4").status == 0);
  CHECK(rows(here.database("one")) == rows(here.database("four")));
  CHECK(count(here.database("one"), "SELECT count(*) FROM members") == 18);
  CHECK(count(here.database("one"), "SELECT count(*) FROM refined") >= 2);
  CHECK(tests::contents(here.folder / "one/results.csv") ==
        tests::contents(here.folder / "four/results.csv"));
}

TEST_CASE("simulated points of a dense sweep take exactly the cycles that were analyzed") {
  const Folder here(kSweep);
  REQUIRE(here.run("out").status == 0);
  const auto database = here.database("out");
  const auto pairs = count(database, "SELECT count(*) FROM refined");
  CHECK(pairs > 0);
  CHECK(pairs ==
        count(database,
              "SELECT count(*) FROM refined r JOIN points a ON a.key = r.key JOIN points s ON s.key = "
              "r.simulated WHERE a.fidelity = 'analytical' AND s.fidelity = 'fast' AND "
              "json_extract(a.results, '$.cycles') = json_extract(s.results, '$.cycles')"));
}

TEST_CASE("a sweep that is killed at any moment goes on to the same rows") {
  for (const std::string& sweep : {kSweep, kSearch}) {
    const Folder here(sweep);
    REQUIRE(here.run("whole").status == 0);
    std::mt19937 random(7);
    int killed = 0;
    for (int i = 0; i < 8; ++i) {
      const int wait = std::uniform_int_distribution<int>(20, 400)(random);
      const Outcome outcome = run_shell(
          here.folder.path(),
          fmt::format(
              "\"$HEDDLE\" sweep s.yaml --output killed --quiet & p=$!; sleep 0.{:03}; kill -9 $p && wait $p",
              wait));
      killed += outcome.status == 128 + 9 ? 1 : 0;
    }
    CHECK(killed > 0);
    REQUIRE(here.run("killed").status == 0);
    CHECK(rows(here.database("whole")) == rows(here.database("killed")));
  }
}

TEST_CASE("a changed sweep file reuses the points that still apply") {
  const Folder here(kSweep);
  REQUIRE(here.run("out").status == 0);
  // A new axis whose first value is the accelerator's own: those points are the old ones.
  here.folder.write("s.yaml",
                    std::string(kSweep).replace(kSweep.find("derived"), 0,
                                                "  columns: {key: arch.array.columns, values: [8, 4]}\n"));
  const Outcome again = here.run("out");
  REQUIRE(again.status == 0);
  CHECK(count(here.database("out"), "SELECT count(*) FROM members") == 36);
  CHECK(count(here.database("out"), "SELECT reused FROM sessions ORDER BY rowid DESC LIMIT 1") >= 18);
  CHECK(count(here.database("out"), "SELECT computed FROM sessions ORDER BY rowid DESC LIMIT 1") >= 18);
  // Another network is other work.
  here.folder.write("net.yaml", std::string(kNet).replace(kNet.find("18"), 2, "20"));
  here.run("out");
  CHECK(count(here.database("out"), "SELECT reused FROM sessions ORDER BY rowid DESC LIMIT 1") == 0);
}

TEST_CASE("points that fail are recorded with their message and stop nothing") {
  const Folder here(
      "base: {network: net.yaml, arch: dense-8x8}\n"
      "axes: {rows: {key: arch.array.rows, values: [0, 4, 5000, 8]}}\n");
  const Outcome outcome = here.run("out");
  CHECK(outcome.status == 0);
  CHECK_THAT(outcome.out, Contains("2 failed"));
  const auto database = here.database("out");
  CHECK(count(database, "SELECT count(*) FROM points WHERE state = 'done'") == 2);
  CHECK(count(database,
              "SELECT count(*) FROM points WHERE state = 'failed' AND message LIKE "
              "'%dense-8x8.yaml: array.rows: expected an integer from 1 to 4096, got %'") == 2);
  CHECK(here.run("out").status == 0);
  CHECK(count(database, "SELECT computed FROM sessions ORDER BY rowid DESC LIMIT 1") == 0);
}

TEST_CASE("a worker that dies loses its point alone and the next start tries it again") {
  const Folder here(kSweep);
  REQUIRE(here.run("whole").status == 0);
  // Workers are killed while the sweep runs on.
  const Outcome outcome = run_shell(here.folder.path(),
                                    "\"$HEDDLE\" sweep s.yaml --output out --jobs 1 --quiet & p=$!; "
                                    "for i in 1 2 3 4 5 6; do sleep 0.03; pkill -9 -P $p; done; wait $p");
  INFO(outcome.err);
  CHECK(outcome.status == 0);
  REQUIRE(here.run("out").status == 0);
  CHECK(count(here.database("out"), "SELECT count(*) FROM points WHERE state <> 'done'") == 0);
  CHECK(rows(here.database("whole")) == rows(here.database("out")));
}

TEST_CASE("ranks of MPI come to the same rows and so does a job that lost a rank") {
  const Folder here(kSweep);
  REQUIRE(here.run("whole").status == 0);
  const Environment as_root = {{"OMPI_ALLOW_RUN_AS_ROOT", "1"}, {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"}};
  const std::string start = "mpirun --oversubscribe -n 3 \"$HEDDLE\" sweep s.yaml --quiet --output ";
  const Outcome ranks = run_shell(here.folder.path(), start + "ranks", 120, as_root);
  INFO(ranks.err);
  REQUIRE(ranks.status == 0);
  CHECK(rows(here.database("whole")) == rows(here.database("ranks")));

  // The last of the three is killed as soon as it is there: the job ends, the same command goes on.
  const Outcome lost = run_shell(here.folder.path(),
                                 start +
                                     "lost & p=$!; for i in $(seq 200); do sleep 0.02; "
                                     "r=($(pgrep -P $p heddle)); [[ ${#r[@]} == 3 ]] && break; done; "
                                     "sleep 0.1; kill -9 ${r[2]}; wait $p",
                                 120, as_root);
  CHECK(lost.status != 0);
  const Outcome resumed = run_shell(here.folder.path(), start + "lost", 120, as_root);
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  CHECK(rows(here.database("whole")) == rows(here.database("lost")));
}

TEST_CASE("a search reports how its hypervolume grew beside random points") {
  const Folder here(kSearch);
  const Outcome outcome = here.run("out");
  REQUIRE(outcome.status == 0);
  const auto database = here.database("out");
  CHECK(count(database, "SELECT count(*) FROM search WHERE method = 'nsga2'") == 4);
  CHECK(count(database, "SELECT count(*) FROM search WHERE method = 'random'") == 4);
  CHECK(
      count(database,
            "SELECT count(*) FROM search a JOIN search b USING (method) WHERE a.evaluations < b.evaluations "
            "AND a.hypervolume > b.hypervolume") == 0);
  CHECK(count(database, "SELECT max(evaluations) FROM search") == 40);
}

TEST_CASE("accuracies of a network with labels are an objective") {
  const Folder here(
      fmt::format("base: {{network: digits, arch: dense-8x8, search: default, input: {0}/test_images.npy, "
                  "labels: {0}/test_labels.npy, calibration: "
                  "{0}/calibration_images.npy}}\naxes: {{bits: {{key: [recipe.default.weights], values: [2, "
                  "8]}}}}\nobjectives: "
                  "{{minimize: [energy], maximize: [accuracy]}}\nrefine: front\n",
                  HEDDLE_SOURCE_DIR "/configs/networks/digits"));
  REQUIRE(here.run("out").status == 0);
  const auto database = here.database("out");
  // Integer outputs need no machine: analyzed and simulated points classify equally many images right.
  const auto pairs = count(database, "SELECT count(*) FROM refined");
  CHECK(pairs > 0);
  CHECK(
      pairs ==
      count(
          database,
          "SELECT count(*) FROM refined r JOIN points a ON a.key = r.key JOIN points s ON s.key = "
          "r.simulated WHERE json_extract(a.results, '$.accuracy') = json_extract(s.results, '$.accuracy')"));
  CHECK(
      count(database,
            "SELECT json_extract(results, '$.accuracy') > 0.95 FROM points WHERE fidelity = 'analytical' AND "
            "settings LIKE '%\"8\"%'") == 1);
}

TEST_CASE("what is no sweep database is refused and left as it is") {
  const Folder here(kSweep);
  std::filesystem::create_directory(here.folder / "out");
  here.folder.write("out/sweep.db", std::string(5000, 'x'));
  const Outcome outcome = here.run("out");
  CHECK(outcome.status == 2);
  CHECK_THAT(outcome.err, Contains("out/sweep.db: file is not a database"));
  CHECK(tests::contents(here.folder / "out/sweep.db") == std::string(5000, 'x'));
}

TEST_CASE("a run with edits is the run of the files with these edits") {
  const tests::ScratchFolder folder;
  folder.write("net.yaml", kNet);
  folder.write("wide.yaml", std::string(kNet).replace(kNet.find("18"), 2, "30"));
  const std::string machine = tests::contents(HEDDLE_SOURCE_DIR "/configs/accelerators/dense-8x8.yaml");
  folder.write("rows.yaml", std::string(machine).replace(machine.find("rows: 8"), 7, "rows: 4"));
  const auto run = [&](const std::string& line) {
    const Outcome outcome = run_heddle(folder.path(), words("run " + line + " --json r.json"));
    UNSCOPED_INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    return json_file(folder / "r.json");
  };
  const json edited =
      run("net.yaml --arch dense-8x8 --set arch.array.rows=4 --set network.layers.fc1.out=30");
  const json expected = run("wide.yaml --arch rows.yaml");
  CHECK(edited.at("layers") == expected.at("layers"));
  CHECK(edited.at("configuration").at("accelerator") == expected.at("configuration").at("accelerator"));
  CHECK(edited.at("configuration").at("options").at("arch.array.rows") == "4");
  CHECK(edited.at("layers") != run("net.yaml --arch dense-8x8").at("layers"));
}

TEST_CASE("two sweeps do not work in one folder") {
  const Folder here(kSweep);
  const Outcome outcome = run_shell(
      here.folder.path(), "mkdir out; exec 9> out/lock; flock -x 9; \"$HEDDLE\" sweep s.yaml --output out");
  CHECK(outcome.status == 2);
  CHECK_THAT(outcome.err, Contains("another sweep is at work there"));
}

}  // namespace heddle::end_to_end
