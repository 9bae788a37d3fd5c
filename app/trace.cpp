#include "app/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace heddle::app {
namespace {

/// Threads are sorted by number, so that the rows of a track stay together.
constexpr int kRowsPerTrack = 1000;

/// A JSON string, quotes included.
std::string quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

TraceWriter::TraceWriter(const std::filesystem::path& file, double clock_hz)
    : file_(file), microseconds_per_cycle_(1e6 / clock_hz) {
  if (!(clock_hz > 0) || !std::isfinite(clock_hz))
    throw std::invalid_argument("a trace needs a positive clock");
  file_.stream() << "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [";
}

void TraceWriter::process(int process, std::string_view name) {
  event(fmt::format(R"({{"ph":"M","name":"process_name","pid":{},"args":{{"name":{}}}}})", process,
                    quoted(name)));
  event(fmt::format(R"({{"ph":"M","name":"process_sort_index","pid":{},"args":{{"sort_index":{}}}}})",
                    process, process));
}

void TraceWriter::thread(int process, int thread, std::string_view name) {
  event(fmt::format(R"({{"ph":"M","name":"thread_name","pid":{},"tid":{},"args":{{"name":{}}}}})", process,
                    thread, quoted(name)));
  event(fmt::format(R"({{"ph":"M","name":"thread_sort_index","pid":{},"tid":{},"args":{{"sort_index":{}}}}})",
                    process, thread, thread));
}

void TraceWriter::complete(int process, int thread, std::string_view name, std::int64_t begin,
                           std::int64_t end, const std::vector<Argument>& arguments) {
  if (begin > end) throw std::invalid_argument(fmt::format("a trace event from cycle {} to {}", begin, end));
  std::string args = fmt::format(R"("cycle":{},"cycles":{})", begin, end - begin);
  for (const auto& [key, value] : arguments) {
    args += "," + quoted(key) + ":";
    args += std::holds_alternative<std::int64_t>(value) ? fmt::format("{}", std::get<std::int64_t>(value))
                                                        : quoted(std::get<std::string_view>(value));
  }
  event(fmt::format(R"({{"ph":"X","name":{},"pid":{},"tid":{},"ts":{},"dur":{},"args":{{{}}}}})",
                    quoted(name), process, thread, microseconds(begin), microseconds(end - begin), args));
}

void TraceWriter::on_track(int process, const std::string& track, std::string_view name, std::int64_t begin,
                           std::int64_t end, const std::vector<Argument>& arguments) {
  const auto [entry, is_new] = tracks_.try_emplace({process, track});
  Track& own = entry->second;
  if (is_new) own.first_thread = kRowsPerTrack * ++track_count_[process];
  auto row = std::find_if(own.row_ends.begin(), own.row_ends.end(),
                          [&](std::int64_t last) { return last <= begin; });
  if (row == own.row_ends.end()) {
    row = own.row_ends.insert(row, begin);
    const std::size_t rows = own.row_ends.size();
    thread(process, own.first_thread + static_cast<int>(rows) - 1,
           rows == 1 ? track : fmt::format("{} ({})", track, rows));
  }
  const int row_thread = own.first_thread + static_cast<int>(row - own.row_ends.begin());
  complete(process, row_thread, name, begin, end, arguments);
  *row = end;
}

void TraceWriter::counter(int process, std::string_view name, std::int64_t cycle, std::int64_t value) {
  event(fmt::format(R"({{"ph":"C","name":{},"pid":{},"ts":{},"args":{{"value":{}}}}})", quoted(name), process,
                    microseconds(cycle), value));
}

void TraceWriter::finish() {
  file_.stream() << "\n]}\n";
  file_.commit();
}

/// Picoseconds resolve every clock below 1 THz.
std::string TraceWriter::microseconds(std::int64_t cycle) const {
  return fmt::format("{:.6f}", static_cast<double>(cycle) * microseconds_per_cycle_);
}

void TraceWriter::event(const std::string& text) {
  file_.stream() << (events_++ == 0 ? "\n" : ",\n") << text;
}

}  // namespace heddle::app
