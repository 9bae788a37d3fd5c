#include "app/show.h"

#include <fmt/format.h>

#include "app/table.h"
#include "arch/describe.h"
#include "support/write_file.h"
#include "workload/dot.h"
#include "workload/live_ranges.h"
#include "workload/readers/network_file.h"

namespace heddle::app {
namespace {

std::int64_t parameters_of(const workload::Layer& layer) {
  std::int64_t count = 0;
  for (const auto& parameter : {layer.weights, layer.bias, layer.extra}) {
    if (parameter && parameter->counted) count += workload::element_count(parameter->shape);
  }
  return count;
}

std::string show_network(const ShowOptions& options, const ConfigLibrary& library) {
  const workload::Network network =
      workload::read_network_file(library.find(ConfigKind::network, options.file), std::nullopt);
  if (options.dot) write_file(*options.dot, workload::to_dot(network));

  const workload::LiveRanges live = workload::live_ranges(network);
  Table table({{"layer", Table::Align::left},
               {"op", Table::Align::left},
               {"activation", Table::Align::left},
               {"output", Table::Align::left},
               {"MACs"},
               {"parameters"},
               {"frees", Table::Align::left}});
  for (std::size_t step = 0; step < live.order.size(); ++step) {
    const workload::Layer& layer = network.layers()[static_cast<std::size_t>(live.order[step])];
    std::string frees;
    for (const workload::TensorId tensor : live.dead_after(static_cast<int>(step))) {
      frees += (frees.empty() ? "" : " ") + network.values()[static_cast<std::size_t>(tensor)].name;
    }
    const std::int64_t macs = workload::macs(network, layer), parameters = parameters_of(layer);
    table.row(
        {layer.name, std::string(workload::name(layer.operation)),
         layer.activation == workload::Activation::none ? "" : std::string(workload::name(layer.activation)),
         workload::to_string(network.shape(layer.output)), macs > 0 ? grouped(macs) : "",
         parameters > 0 ? grouped(parameters) : "", frees});
  }
  const workload::ActivationPeak peak =
      workload::activation_peak(network, live, [](workload::TensorId) { return 8; });
  std::string text = fmt::format("network {}\n", network.name());
  for (const workload::TensorId input : network.inputs()) {
    text += fmt::format("input {} {}\n", network.values()[static_cast<std::size_t>(input)].name,
                        workload::to_string(network.shape(input)));
  }
  const workload::Layer& peak_layer =
      network.layers()[static_cast<std::size_t>(live.order[static_cast<std::size_t>(peak.step)])];
  return text + "\n" + table.text() +
         fmt::format(
             "\nMACs             {}\nparameters       {}\npeak activations {} elements, in layer {}\n",
             grouped(network.macs()), grouped(network.parameter_count()), grouped(peak.elements),
             peak_layer.name);
}

}  // namespace

std::string show(const ShowOptions& options, const ConfigLibrary& library) {
  if (options.kind == "network") return show_network(options, library);
  if (options.kind == "arch") {
    return arch::describe(arch::read_accelerator(library.find(ConfigKind::accelerator, options.file)));
  }
  if (options.kind == "energy") {
    return arch::describe(arch::read_energy_table(library.find(ConfigKind::energy, options.file)));
  }
  const arch::Accelerator accelerator =
      arch::read_accelerator(library.find(ConfigKind::accelerator, options.arch.value()));
  std::string text;
  for (const auto& [layer, mapping] :
       arch::read_mappings(library.find(ConfigKind::mapping, options.file), accelerator)) {
    text += arch::describe(mapping, accelerator) + "\n";
  }
  return text;
}

}  // namespace heddle::app
