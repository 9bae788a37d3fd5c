// The trace of a run: what the machine's units did, layer after layer, as rows of a Perfetto picture.
#pragma once

#include <memory>
#include <string>

#include "app/command_line.h"
#include "app/trace.h"
#include "arch/accelerator.h"
#include "sim/layer_run.h"

namespace heddle::app {

/// Draws what the machine did into the trace file: a row for each unit, and further rows for what it does at
/// the same time (requests to the DRAM overlap), since viewers drop events that overlap on one row.
class Timeline {
 public:
  Timeline(const RunOptions& options, const arch::Accelerator& accelerator) {
    if (!options.trace) return;
    writer_ = std::make_unique<TraceWriter>(*options.trace, accelerator.clock_hz);
    writer_->process(1, accelerator.name);
  }
  sim::TraceSink of_layer(const std::string& layer) {
    if (!writer_) return {};
    return [this, layer](const sim::TraceEvent& event) {
      writer_->on_track(1, event.track, event.name, event.begin, event.end, {{"layer", layer}});
    };
  }
  void finish() {
    if (writer_) writer_->finish();
  }

 private:
  std::unique_ptr<TraceWriter> writer_;
};

}  // namespace heddle::app
