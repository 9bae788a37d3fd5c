// Writes what happened when, in the JSON format that Perfetto (ui.perfetto.dev) and chrome://tracing open.
// Events go to the file as they come: a trace of a long run needs no memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "support/write_file.h"

namespace heddle::app {

/// Processes group threads; a thread is one row of the picture (a mover, the array). Cycles become
/// microseconds at the clock. Without finish() no file appears.
class TraceWriter {
 public:
  using Argument = std::pair<std::string_view, std::variant<std::int64_t, std::string_view>>;

  /// Throws InputError when the file cannot be written; std::invalid_argument for a clock that is not
  /// positive.
  TraceWriter(const std::filesystem::path& file, double clock_hz);

  void process(int process, std::string_view name);
  void thread(int process, int thread, std::string_view name);
  /// From the start of cycle `begin` to the start of cycle `end`; begin <= end, else std::invalid_argument.
  void complete(int process, int thread, std::string_view name, std::int64_t begin, std::int64_t end,
                const std::vector<Argument>& arguments = {});
  /// The same on a row that is found by its name. Viewers cannot show overlapping events in one row: those
  /// get further rows of the process, "mover (2)" and so on. Threads of this process must not be numbered by
  /// the caller.
  void on_track(int process, const std::string& track, std::string_view name, std::int64_t begin,
                std::int64_t end, const std::vector<Argument>& arguments = {});
  /// A value over time (a queue's fill), drawn as a curve.
  void counter(int process, std::string_view name, std::int64_t cycle, std::int64_t value);

  std::int64_t events() const { return events_; }
  /// Ends the JSON and gives the file its name. Throws InputError when the disk refuses.
  void finish();

 private:
  std::string microseconds(std::int64_t cycle) const;
  void event(const std::string& text);

  struct Track {
    int first_thread = 0;
    std::vector<std::int64_t> row_ends;  ///< when the last event of each row ends
  };

  OutputFile file_;
  double microseconds_per_cycle_;
  std::int64_t events_ = 0;
  std::map<std::pair<int, std::string>, Track> tracks_;  ///< by process and name
  std::map<int, int> track_count_;                       ///< by process
};

}  // namespace heddle::app
