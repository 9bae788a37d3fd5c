// A network from any file that holds one.
#pragma once

#include <filesystem>
#include <optional>

#include "workload/network.h"

namespace heddle::yaml {
class Document;
}

namespace heddle::workload {

/// By its kind: .onnx, .csv (a SCALE-Sim topology), else YAML (a network, or a Timeloop problem). A batch
/// size sets that of an ONNX network; the others have theirs. Throws InputError.
Network read_network_file(const std::filesystem::path& file, std::optional<std::int64_t> batch);
/// A YAML file's.
Network read_network_file(const yaml::Document& document);

}  // namespace heddle::workload
