// Keeps what a model's inputs were, so that its last cycles can be run again with a waveform: writing one all
// the time would cost many times what the simulation does.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "rtl/model.h"

namespace heddle::rtl {

class WaveRecorder {
 public:
  explicit WaveRecorder(Model& model);
  ~WaveRecorder();
  WaveRecorder(const WaveRecorder&) = delete;
  WaveRecorder& operator=(const WaveRecorder&) = delete;

  /// Forgets what was.
  void begin();
  /// Have inputs changed since the last record()?
  bool changed() const;
  /// Is called after every eval() of the model. `time`: in units of the waveform, ascending.
  void record(std::uint64_t time);
  /// Runs the model through what was recorded and writes it from `begin` on. The model is then where it was.
  void write(const std::filesystem::path& file, std::uint64_t begin);

 private:
  /// A saved state and the inputs of the evals since then.
  struct Chapter {
    std::filesystem::path state;  ///< empty: none was saved, the model began here
    std::vector<unsigned char> inputs;
  };
  void new_chapter();

  Model& model_;
  std::vector<ModelPort> ports_;      ///< the inputs
  std::vector<unsigned char> known_;  ///< their bits when they were recorded last
  std::array<Chapter, 2> chapters_;   ///< the one before, and the one being written
  std::filesystem::path folder_;
};

}  // namespace heddle::rtl
