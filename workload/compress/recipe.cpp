#include "workload/compress/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "support/yaml.h"

namespace heddle::workload {
namespace {

const std::vector<std::string> kSettings = {"weights", "activations", "prune", "cluster"};
constexpr int kMostGroup = 256;  // m of n:m

int read_bits(const yaml::Value& value) {
  const std::int64_t bits = value.integer(2, 16);
  if (bits <= 8 || bits == 16) return static_cast<int>(bits);
  value.problem(fmt::format("expected 2 to 8 or 16 bits, got {}", bits));
  return 8;
}

std::optional<StructuredSparsity> parse_ratio(const std::string& text) {
  StructuredSparsity result;
  const char* end = text.data() + text.size();
  const auto [colon, first_error] = std::from_chars(text.data(), end, result.n);
  if (first_error != std::errc() || colon == end || *colon != ':') return std::nullopt;
  const auto [rest, second_error] = std::from_chars(colon + 1, end, result.m);
  if (second_error != std::errc() || rest != end) return std::nullopt;
  if (result.n < 1 || result.m < result.n || result.m > kMostGroup) return std::nullopt;
  return result;
}

Pruning read_pruning(const yaml::Value& value) {
  Pruning result;
  if (value.is_scalar()) {
    value.one_of({"none"});
    return result;
  }
  value.only_keys({"density", "structured"});
  const auto density = value.optional("density");
  const auto structured = value.optional("structured");
  if (value.is_map() && density.has_value() == structured.has_value()) {
    value.problem(R"(expected either "density" or "structured")");
  }
  if (density) result.density = density->number(0, 1);
  if (structured) {
    const std::string text = structured->text();
    result.structured = parse_ratio(text);
    if (!result.structured && structured->is_scalar()) {
      structured->problem(
          fmt::format(R"(expected n:m with 1 <= n <= m <= {} such as "2:4", got "{}")", kMostGroup, text));
    }
  }
  return result;
}

std::optional<Clustering> read_clustering(const yaml::Value& value) {
  if (value.is_scalar()) {
    value.one_of({"none"});
    return std::nullopt;
  }
  Clustering result;
  value.only_keys({"bits", "initialization", "seed"});
  if (const auto bits = value.optional("bits")) result.bits = static_cast<int>(bits->integer(2, 8));
  if (const auto initialization = value.optional("initialization")) {
    using enum Initialization;
    std::vector<std::string> names;
    for (const Initialization each : {linear, density, random}) names.emplace_back(name(each));
    const std::string chosen = initialization->one_of(names);
    for (const Initialization each : {linear, density, random}) {
      if (name(each) == chosen) result.initialization = each;
    }
  }
  if (const auto seed = value.optional("seed"))
    result.seed = static_cast<std::uint64_t>(seed->integer(0, INT64_MAX));
  return result;
}

Recipe::Rule read_settings(const yaml::Value& value) {
  Recipe::Rule rule;
  if (const auto bits = value.optional("weights")) rule.weight_bits = read_bits(*bits);
  if (const auto bits = value.optional("activations")) rule.activation_bits = read_bits(*bits);
  if (const auto prune = value.optional("prune")) rule.pruning = read_pruning(*prune);
  if (const auto cluster = value.optional("cluster")) rule.cluster = read_clustering(*cluster);
  return rule;
}

void apply(const Recipe::Rule& rule, LayerRecipe& recipe) {
  recipe.weight_bits = rule.weight_bits.value_or(recipe.weight_bits);
  recipe.activation_bits = rule.activation_bits.value_or(recipe.activation_bits);
  recipe.pruning = rule.pruning.value_or(recipe.pruning);
  recipe.cluster = rule.cluster.value_or(recipe.cluster);
}

/// Notes settings that do not go with the arithmetic.
void check_settings(const yaml::Value& value, Arithmetic arithmetic) {
  if (!value.is_map()) return;
  if (arithmetic == Arithmetic::integer) {
    const auto cluster = value.optional("cluster");
    if (cluster && !cluster->is_scalar()) cluster->problem("expected none, or \"arithmetic: fixed\"");
    return;
  }
  for (const char* key : {"weights", "activations"}) {
    const auto bits = value.optional(key);
    if (bits && read_bits(*bits) != 16)
      bits->problem("expected 16 bits, which is what all tensors have with \"arithmetic: fixed\"");
  }
  if (const auto prune = value.optional("prune"); prune && prune->is_map() && prune->has("structured")) {
    prune->required("structured")
        .problem("n:m does not go with \"arithmetic: fixed\", expected none or a density");
  }
}

/// Notes the layers whose weights would not be shared in fixed arithmetic.
void check_all_shared(const yaml::Value& root, const Recipe& recipe, const Network& network) {
  std::string missing;
  for (const Layer& layer : network.layers()) {
    const bool weighted = std::holds_alternative<Convolution>(layer.operation) ||
                          std::holds_alternative<Linear>(layer.operation);
    if (weighted && !recipe.of(layer.name).cluster) missing += (missing.empty() ? "" : ", ") + layer.name;
  }
  if (!missing.empty()) {
    root.problem(fmt::format(
        "\"arithmetic: fixed\" shares the weights of every layer, expected a \"cluster\" such as {{bits: 4}} "
        "in \"default\" (without it: {})",
        missing));
  }
}

Recipe::Rule read_rule(const yaml::Value& value, const std::vector<std::string>& layers) {
  std::vector<std::string> known = kSettings;
  known.insert(known.begin(), "pattern");
  value.only_keys(known);
  Recipe::Rule rule = read_settings(value);
  const yaml::Value pattern = value.required("pattern");
  rule.pattern = pattern.text();
  const bool found = std::any_of(layers.begin(), layers.end(),
                                 [&](const std::string& layer) { return matches(rule.pattern, layer); });
  if (pattern.is_scalar() && !found) {
    pattern.problem(
        fmt::format("\"{}\" matches no layer{}", rule.pattern, did_you_mean(rule.pattern, layers)));
  }
  if (value.is_map() && !rule.weight_bits && !rule.activation_bits && !rule.pruning && !rule.cluster) {
    value.problem("sets nothing, expected at least one of weights, activations, prune, cluster");
  }
  return rule;
}

Recipe read(const yaml::Document& document, const std::string& name, const Network& network) {
  std::vector<std::string> layers;
  for (const Layer& layer : network.layers()) layers.push_back(layer.name);
  Recipe recipe;
  recipe.name = name;
  const yaml::Value root = document.root();
  root.only_keys({"name", "arithmetic", "default", "layers"});
  if (const auto given = root.optional("name")) recipe.name = given->text();
  if (const auto arithmetic = root.optional("arithmetic");
      arithmetic && arithmetic->one_of({"integer", "fixed"}) == "fixed") {
    recipe.arithmetic = Arithmetic::fixed;
    recipe.defaults.weight_bits = recipe.defaults.activation_bits = 16;
  }
  if (const auto defaults = root.optional("default")) {
    defaults->only_keys(kSettings);
    apply(read_settings(*defaults), recipe.defaults);
    check_settings(*defaults, recipe.arithmetic);
  }
  if (const auto rules = root.optional("layers")) {
    for (const yaml::Value& rule : rules->elements()) {
      recipe.rules.push_back(read_rule(rule, layers));
      check_settings(rule, recipe.arithmetic);
    }
  }
  if (recipe.arithmetic == Arithmetic::fixed && root.problem_count() == 0)
    check_all_shared(root, recipe, network);
  document.finish();
  return recipe;
}

}  // namespace

bool matches(const std::string& pattern, const std::string& name) {
  // On a mismatch, the last star takes one character more.
  std::size_t p = 0, n = 0, star = std::string::npos, taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string::npos) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string::npos;
}

LayerRecipe Recipe::of(const std::string& layer) const {
  LayerRecipe result = defaults;
  for (const Rule& rule : rules) {
    if (matches(rule.pattern, layer)) apply(rule, result);
  }
  return result;
}

Recipe fixed_point_recipe(int cluster_bits) {
  Recipe recipe;
  recipe.name = "eie";
  recipe.arithmetic = Arithmetic::fixed;
  recipe.defaults = {16, 16, {}, Clustering{cluster_bits}};
  return recipe;
}

Recipe read_recipe(const std::filesystem::path& file, const Network& network) {
  return read_recipe(yaml::Document::load(file), network);
}

Recipe read_recipe(const yaml::Document& document, const Network& network) {
  return read(document, std::filesystem::path(document.file()).stem().string(), network);
}

Recipe parse_recipe(const std::string& text, const std::string& name, const Network& network) {
  return read(yaml::Document::parse(text, name), name, network);
}

}  // namespace heddle::workload
