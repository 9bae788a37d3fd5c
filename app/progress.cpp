#include "app/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace heddle::app {
namespace {

constexpr std::chrono::milliseconds kShortestInterval{100};

int terminal_width(std::FILE* stream) {
  winsize size{};
  return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string clock_time(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::min(std::ceil(seconds), 359999.0));
  return whole < 3600 ? fmt::format("{:02}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

std::string progress_line(const std::string& label, double share, double elapsed_seconds, int width) {
  constexpr int kBar = 20;
  const double done = std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 0.0;
  const int filled = static_cast<int>(done * kBar);
  std::string line = fmt::format("  [{}{}] {:3.0f} %", std::string(filled, '#'),
                                 std::string(kBar - filled, '.'), std::floor(100 * done));
  if (done > 0) line += fmt::format("  {} left", clock_time(elapsed_seconds * (1 - done) / done));
  const int room = std::max(0, width - static_cast<int>(line.size()));
  return (label.substr(0, static_cast<std::size_t>(room)) + line)
      .substr(0, static_cast<std::size_t>(std::max(0, width)));
}

Progress::Progress(bool quiet, std::FILE* stream) : stream_(stream) {
  const char* term = std::getenv("TERM");
  shown_ = !quiet && isatty(fileno(stream)) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

Progress::~Progress() { clear(); }

void Progress::update(const std::string& label, double share) {
  if (!shown_) return;
  const Clock::time_point now = Clock::now();
  if (now - last_ < kShortestInterval) return;
  last_ = now;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  std::fprintf(stream_, "\r\033[K%s",
               progress_line(label, share, elapsed, terminal_width(stream_) - 1).c_str());
  std::fflush(stream_);
  dirty_ = true;
}

void Progress::clear() {
  if (!dirty_) return;
  std::fputs("\r\033[K", stream_);
  std::fflush(stream_);
  dirty_ = false;
}

}  // namespace heddle::app
