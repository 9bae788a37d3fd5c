#include "rtl/wave_recorder.h"

#include <stdlib.h>

#include <cstring>
#include <string_view>

#include "support/error.h"

namespace heddle::rtl {
namespace {

constexpr std::size_t kChapterBytes = 8 << 20;

bool is_input(const ModelPort& port) {
  const std::string_view name = port.name;
  return name.ends_with("_i") || name.ends_with("_ni");
}

template <class T>
void append(std::vector<unsigned char>& to, const T& value) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(&value);
  to.insert(to.end(), bytes, bytes + sizeof value);
}

template <class T>
T take(const unsigned char*& from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  from += sizeof value;
  return value;
}

}  // namespace

WaveRecorder::WaveRecorder(Model& model) : model_(model) {
  std::size_t bytes = 0;
  for (const ModelPort& port : model.ports()) {
    if (!is_input(port)) continue;
    ports_.push_back(port);
    bytes += port.bytes;
  }
  known_.resize(bytes);
  if (!model.saves()) return;
  std::string name = (std::filesystem::temp_directory_path() / "heddle-rtl-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw InputError(name, "cannot make a temporary folder");
  folder_ = name;
}

WaveRecorder::~WaveRecorder() {
  std::error_code error;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, error);
}

void WaveRecorder::begin() {
  chapters_ = {};
  if (model_.saves()) new_chapter();
  std::size_t at = 0;
  for (const ModelPort& port : ports_) {
    std::memcpy(known_.data() + at, port.bits, port.bytes);
    at += port.bytes;
  }
}

void WaveRecorder::new_chapter() {
  const std::filesystem::path free =
      chapters_[1].state == folder_ / "even" ? folder_ / "odd" : folder_ / "even";
  chapters_[0] = std::move(chapters_[1]);
  chapters_[1] = {free, {}};
  model_.save(free.string());
}

bool WaveRecorder::changed() const {
  const unsigned char* known = known_.data();
  for (const ModelPort& port : ports_) {
    if (std::memcmp(known, port.bits, port.bytes) != 0) return true;
    known += port.bytes;
  }
  return false;
}

/// One record: the time, how many inputs changed, and of each its number and bits.
void WaveRecorder::record(std::uint64_t time) {
  std::vector<unsigned char>& log = chapters_[1].inputs;
  append(log, time);
  const std::size_t count_at = log.size();
  std::uint16_t changed = 0;
  append(log, changed);
  std::size_t at = 0;
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const ModelPort& port = ports_[i];
    unsigned char* const known = known_.data() + at;
    at += port.bytes;
    if (std::memcmp(known, port.bits, port.bytes) == 0) continue;
    std::memcpy(known, port.bits, port.bytes);
    append(log, static_cast<std::uint16_t>(i));
    log.insert(log.end(), known, known + port.bytes);
    ++changed;
  }
  std::memcpy(log.data() + count_at, &changed, sizeof changed);
  if (log.size() > kChapterBytes && model_.saves()) new_chapter();
}

void WaveRecorder::write(const std::filesystem::path& file, std::uint64_t begin) {
  if (model_.saves())
    model_.restore((chapters_[0].state.empty() ? chapters_[1] : chapters_[0]).state.string());
  model_.open_waves(file.string());
  // Of the evals at one time the last one counts.
  std::uint64_t shown = 0, evaluated = 0;
  bool any = false;
  const auto show = [&] {
    if (!any || evaluated < begin || (shown >= evaluated && shown > 0)) return;
    model_.dump_waves(evaluated);
    shown = evaluated;
  };
  for (const Chapter& chapter : chapters_) {
    const unsigned char* from = chapter.inputs.data();
    const unsigned char* const end = from + chapter.inputs.size();
    while (from < end) {
      const auto time = take<std::uint64_t>(from);
      for (auto left = take<std::uint16_t>(from); left > 0; --left) {
        const ModelPort& port = ports_[take<std::uint16_t>(from)];
        std::memcpy(port.bits, from, port.bytes);
        from += port.bytes;
      }
      if (time != evaluated) show();
      model_.eval();
      evaluated = time;
      any = true;
    }
  }
  show();
  model_.close_waves();
}

}  // namespace heddle::rtl
