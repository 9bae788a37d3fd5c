// Does a trace open in the viewers: valid JSON, times that rise with cycles, rows that have names?
#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "app/trace.h"
#include "tests/scratch_folder.h"

using namespace heddle;
using nlohmann::json;

TEST_CASE("a trace is JSON with microseconds at the clock", "[trace]") {
  const tests::ScratchFolder folder;
  {
    app::TraceWriter trace(folder / "t.json", 800e6);  // 1.25 ns per cycle
    trace.process(1, "array \"dot\"");
    trace.thread(1, 2, "passes");
    trace.complete(1, 2, "pass 0", 0, 800, {{"layer", std::string_view("conv1")}, {"macs", std::int64_t{5}}});
    trace.counter(1, "queue", 4, 3);
    CHECK(trace.events() == 6);
    CHECK_FALSE(std::filesystem::exists(folder / "t.json"));
    trace.finish();
  }
  const json events = json::parse(tests::contents(folder / "t.json"))["traceEvents"];
  REQUIRE(events.size() == 6);
  CHECK(events[0]["args"]["name"] == "array \"dot\"");
  CHECK(events[2]["tid"] == 2);
  const json& pass = events[4];
  CHECK(pass["ph"] == "X");
  CHECK(pass["ts"] == 0.0);
  CHECK(pass["dur"] == 1.0);  // 800 cycles at 800 MHz
  CHECK(pass["args"] == json({{"cycle", 0}, {"cycles", 800}, {"layer", "conv1"}, {"macs", 5}}));
  CHECK(events[5]["ts"] == 0.005);  // 4 cycles
  CHECK(events[5]["args"]["value"] == 3);
}

TEST_CASE("times rise strictly with cycles, late in a long run too", "[trace]") {
  const tests::ScratchFolder folder;
  app::TraceWriter trace(folder / "t.json", 1.7e9);
  constexpr std::int64_t late = 10'000'000'000;  // six seconds of this clock
  for (std::int64_t cycle = late; cycle < late + 1000; ++cycle)
    trace.complete(0, 0, "step", cycle, cycle + 1);
  trace.finish();
  const json events = json::parse(tests::contents(folder / "t.json"))["traceEvents"];
  REQUIRE(events.size() == 1000);
  for (std::size_t i = 1; i < events.size(); ++i) {
    REQUIRE(events[i]["ts"].get<double>() > events[i - 1]["ts"].get<double>());
    REQUIRE(events[i]["args"]["cycle"] == late + static_cast<std::int64_t>(i));
  }
}

TEST_CASE("an empty trace is valid, an unfinished one is absent, a backward event is refused", "[trace]") {
  const tests::ScratchFolder folder;
  app::TraceWriter(folder / "empty.json", 1e9).finish();
  CHECK(json::parse(tests::contents(folder / "empty.json"))["traceEvents"].empty());
  {
    app::TraceWriter trace(folder / "unfinished.json", 1e9);
    CHECK_THROWS_AS(trace.complete(0, 0, "x", 5, 4), std::invalid_argument);
  }
  CHECK_FALSE(std::filesystem::exists(folder / "unfinished.json"));
  CHECK_THROWS_AS(app::TraceWriter(folder / "a.json", 0), std::invalid_argument);
}

TEST_CASE("events of one row never overlap", "[trace]") {
  const tests::ScratchFolder folder;
  app::TraceWriter trace(folder / "t.json", 1e9);
  trace.on_track(1, "mover", "a", 0, 10);
  trace.on_track(1, "mover", "b", 5, 12);   // while a: a second row
  trace.on_track(1, "mover", "c", 10, 11);  // a has ended
  trace.on_track(1, "array", "d", 0, 3);
  trace.on_track(2, "mover", "e", 0, 3);  // another process has its own
  trace.finish();
  std::map<std::string, std::string> row_of;  // event to "process/thread's name"
  std::map<std::pair<int, int>, std::string> names;
  const json root = json::parse(tests::contents(folder / "t.json"));
  for (const json& event : root["traceEvents"]) {
    const std::pair<int, int> row{event["pid"].get<int>(), event["tid"].get<int>()};
    if (event["name"] == "thread_name") names[row] = event["args"]["name"].get<std::string>();
    if (event["ph"] == "X") {
      row_of[event["name"].get<std::string>()] = std::to_string(row.first) + "/" + names.at(row);
    }
  }
  CHECK(row_of ==
        std::map<std::string, std::string>{
            {"a", "1/mover"}, {"b", "1/mover (2)"}, {"c", "1/mover"}, {"d", "1/array"}, {"e", "2/mover"}});
}
