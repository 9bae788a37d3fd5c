#include "app/sweep/engine.h"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <map>

#include "app/command_line.h"
#include "app/sweep/worker.h"

namespace heddle::sweep {
namespace {

volatile std::sig_atomic_t interrupted = 0;

constexpr std::chrono::milliseconds kPatience{200};

}  // namespace

void interrupt_on_signals() {
  std::signal(SIGINT, [](int) { interrupted = 1; });
  std::signal(SIGTERM, [](int) { interrupted = 1; });
}

Engine::Engine(Store& store, Team& team, std::filesystem::path folder, app::Progress& progress)
    : store_(store), team_(team), folder_(std::move(folder)), progress_(progress) {
  work_.workers = static_cast<std::int64_t>(team.size());
}

StoredPoint Engine::stored(const Task& task, const Answer& answer) {
  StoredPoint point{task.key, task.fidelity, "lost", answer.loss, Json::array(), {}, {}, Json::array()};
  for (const yaml::Edit& setting : task.settings) point.settings.push_back({setting.key, setting.value});
  if (answer.outcome.empty()) return point;
  const Json outcome = Json::parse(answer.outcome);
  point.state = outcome.at("state").get<std::string>();
  point.message = outcome.value("message", "");
  if (point.state != "done") return point;
  point.results = outcome.at("results");
  point.machine = outcome.at("machine");
  point.layers = outcome.at("layers");
  work_.layers += outcome.at("mapper").at("layers").get<std::int64_t>();
  work_.cached += outcome.at("mapper").at("cached").get<std::int64_t>();
  return point;
}

void Engine::complete(const std::vector<Task>& tasks, const Observe& observe) {
  std::multimap<std::string, std::size_t> waiting;  // equal points are worked out once
  std::vector<std::size_t> open;
  std::size_t front = 0;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto known = store_.point(tasks[i].key);
    if (known && known->state != "lost") {
      front = observe(i, *known);
      ++work_.reused;
      continue;
    }
    if (!waiting.contains(tasks[i].key)) open.push_back(i);
    waiting.emplace(tasks[i].key, i);
  }

  const auto begin = std::chrono::steady_clock::now();
  std::size_t next = 0, done = 0;
  const auto say = [&] {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    progress_.update(fmt::format("{} of {} points  {:.3g}/s  front {}", tasks.size() - open.size() + done,
                                 tasks.size(), rate, front),
                     open.empty() ? 1 : static_cast<double>(done) / static_cast<double>(open.size()));
  };
  while (done < open.size()) {
    if (interrupted != 0) throw Interrupted("stopped; the same command goes on");
    for (; next < open.size() && team_.idle() > 0; ++next) {
      const Task& task = tasks[open[next]];
      team_.give({task.key, request_of(task.settings, folder_), task.fidelity != app::kAnalytical});
    }
    const std::vector<Answer> answers = team_.collect(kPatience);
    std::vector<StoredPoint> points;
    for (const Answer& answer : answers)
      points.push_back(stored(tasks[waiting.find(answer.key)->second], answer));
    if (!points.empty()) store_.put(points);
    for (const StoredPoint& point : points) {
      ++done;
      ++work_.computed;
      if (point.state != "done") ++work_.failed;
      const auto [first, last] = waiting.equal_range(point.key);
      for (auto each = first; each != last; ++each) front = observe(each->second, point);
    }
    say();
  }
}

}  // namespace heddle::sweep
