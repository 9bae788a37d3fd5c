// Tells a person at a terminal how far the run is; says nothing into a pipe.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>

namespace heddle::app {

/// "conv3  [#######.............]  35 %  00:12 left": `share` in [0, 1] of the work is done after so many
/// seconds. The time left is a straight line from the start, absent as long as nothing is done. At most
/// `width` characters.
std::string progress_line(const std::string& label, double share, double elapsed_seconds, int width);

/// A line that is rewritten in place, ten times a second at most. The destructor wipes it.
class Progress {
 public:
  /// Shown when `stream` is a terminal (and not TERM=dumb) and not `quiet`.
  explicit Progress(bool quiet = false, std::FILE* stream = stderr);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(const std::string& label, double share);
  /// Wipes the line, so that other text can be written.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  std::FILE* stream_;
  bool shown_;
  bool dirty_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_{};
};

}  // namespace heddle::app
