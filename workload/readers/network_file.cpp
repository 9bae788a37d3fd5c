#include "workload/readers/network_file.h"

#include "support/yaml.h"
#include "workload/readers/onnx_network.h"
#include "workload/readers/scalesim_topology.h"
#include "workload/readers/timeloop_problem.h"
#include "workload/readers/yaml_network.h"

namespace heddle::workload {

Network read_network_file(const std::filesystem::path& file, std::optional<std::int64_t> batch) {
  if (file.extension() == ".onnx") return read_onnx_network(file, batch);
  if (file.extension() == ".csv") return read_scalesim_topology(file);
  return read_network_file(yaml::Document::load(file));
}

Network read_network_file(const yaml::Document& document) {
  return is_timeloop_problem(document) ? read_timeloop_problem(document) : read_yaml_network(document);
}

}  // namespace heddle::workload
