// Where the tensors between layers are: what the mappings of a file say of them, and what that is for each
// layer that reads or writes them.
#pragma once

#include <map>
#include <set>
#include <string>

#include "arch/mapping.h"
#include "arch/vector_layer.h"
#include "workload/live_ranges.h"

namespace heddle::app {

using TensorSet = std::set<workload::TensorId>;

/// Whether a layer only changes a tensor's shape: its output is where its input is.
bool moves_nothing(const workload::Network& network, int layer);

/// The tensors of which somebody says where they are: a mapping its layer's inputs and output; a product of
/// two tensors that its second one, which is its weights, comes from the DRAM; and what is so said of a
/// tensor holds for those that are it in another shape. True: on chip. Throws InputError when two layers
/// disagree, or when a tensor is to stay while layers run that neither read nor write it, and so would not
/// leave room for it.
std::map<workload::TensorId, bool> stated_on_chip(const workload::Network& network,
                                                  const workload::LiveRanges& live,
                                                  const std::map<std::string, arch::LayerMapping>& mappings,
                                                  const std::string& file);

/// The operands of a layer with multiply-accumulates that are on chip.
workload::PerOperand<bool> operands_on_chip(const workload::Layer& layer, const TensorSet& on_chip);
/// Sets the tensors' homes.
void place(arch::VectorLayer& layer, const TensorSet& on_chip);

}  // namespace heddle::app
