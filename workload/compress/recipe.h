// A compression recipe: in which arithmetic a network runs, how many bits each layer's weights and
// activations get, and how its weights are pruned and shared.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "workload/encode/kmeans.h"
#include "workload/quantized.h"

namespace heddle::yaml {
class Document;
}

namespace heddle::workload {

enum class Arithmetic : std::uint8_t {
  integer,  ///< scales as the ranges have them, sums exact
  fixed,    ///< 16 bits with a binary point, shared weights, sums saturate: the arithmetic of docs/eie.md
};

/// How the weights of a layer are pruned; neither: not at all.
struct Pruning {
  std::optional<double> density;  ///< share of the weights that stay, the greatest in magnitude
  std::optional<StructuredSparsity> structured;  ///< n of every m
  friend bool operator==(const Pruning&, const Pruning&) = default;
};

struct LayerRecipe {
  int weight_bits = 8;      ///< 2 to 8, or 16
  int activation_bits = 8;  ///< 2 to 8, or 16: of the layer's output tensor
  Pruning pruning;
  std::optional<Clustering> cluster = {};  ///< fixed arithmetic only, which needs it
  friend bool operator==(const LayerRecipe&, const LayerRecipe&) = default;
};

struct Recipe {
  /// What an entry of `layers:` sets; the rest stays as it is.
  struct Rule {
    std::string pattern;
    std::optional<int> weight_bits;
    std::optional<int> activation_bits;
    std::optional<Pruning> pruning;
    std::optional<std::optional<Clustering>> cluster;  ///< nothing inside: `none`
  };

  std::string name = "int8";
  Arithmetic arithmetic = Arithmetic::integer;
  LayerRecipe defaults;
  std::vector<Rule> rules;

  /// Each setting comes from the last rule that matches the layer and gives it, else from the defaults.
  LayerRecipe of(const std::string& layer) const;
};

/// Fixed arithmetic, every layer's weights clustered to so many bits (2 to 8), nothing pruned: what
/// configs/compression/eie.yaml says, with its 4 bits.
Recipe fixed_point_recipe(int cluster_bits = 4);

/// Whether a glob covers the whole name: `*` any characters, `?` one.
bool matches(const std::string& pattern, const std::string& name);

/// Reads a recipe for this network; format in docs/compression.md. Throws InputError with everything that is
/// wrong, patterns that match no layer included.
Recipe read_recipe(const std::filesystem::path& file, const Network& network);
Recipe read_recipe(const yaml::Document& document, const Network& network);
/// The same from a text; `name` stands for the file in messages.
Recipe parse_recipe(const std::string& text, const std::string& name, const Network& network);

}  // namespace heddle::workload
