#include "workload/readers/yaml_network.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <stdexcept>
#include <variant>

#include "support/yaml.h"
#include "workload/readers/yaml_layer.h"

namespace heddle::workload {
namespace {

constexpr int kMostNesting = 8;
constexpr std::size_t kMostLayers = 1 << 14;

struct InputEntry {
  yaml::Value at;
  std::string name;
  Shape shape;
  bool sound = true;
};

/// The file's layers, or those of a `repeat`.
struct Block {
  struct Repeat;
  using Item = std::variant<LayerEntry, Repeat>;

  std::vector<InputEntry> inputs;
  std::vector<Item> items;
};

struct Block::Repeat {
  yaml::Value at;
  std::int64_t times = 1;
  Block body;
};

/// First half: the file as it is written, every key checked.
class Reader {
 public:
  std::vector<InputEntry> read_inputs(const yaml::Value& at) {
    std::vector<InputEntry> inputs;
    if (!at.is_map()) at.problem("expected a map of `name: [extents]`");
    if (at.is_map()) at.only_keys(at.keys());  // none twice
    for (const std::string& key : at.keys()) inputs.push_back(read_input(at.required(key), key));
    if (at.is_map() && inputs.empty()) at.problem("no inputs, expected at least one as `name: shape`");
    return inputs;
  }

  static InputEntry read_input(const yaml::Value& at, const std::string& name) {
    const std::size_t problems = at.problem_count();
    check_name(at, name);
    InputEntry input{at, name, read_shape(at)};
    input.sound = at.problem_count() == problems;
    return input;
  }

  std::vector<Block::Item> read_items(const yaml::Value& at, int depth) {
    std::vector<Block::Item> items;
    const std::size_t problems = at.problem_count();
    for (const yaml::Value& element : at.elements()) {
      if (++entries_ > kMostLayers) {
        if (entries_ == kMostLayers + 1) element.problem(fmt::format("more than {} entries", kMostLayers));
        return items;
      }
      if (element.has("repeat")) {
        element.only_keys({"repeat"});
        items.emplace_back(read_repeat(element.required("repeat"), depth + 1));
      } else {
        items.emplace_back(read_layer_entry(element));
      }
    }
    if (at.is_list() && items.empty() && at.problem_count() == problems)
      at.problem("no layers, expected at least one");
    return items;
  }

 private:
  Block::Repeat read_repeat(const yaml::Value& at, int depth) {
    Block::Repeat repeat{at, 1, {}};
    if (depth > kMostNesting) {
      at.problem(fmt::format("repeats nested more than {} deep", kMostNesting));
      return repeat;
    }
    at.only_keys({"times", "inputs", "layers"});
    if (!at.is_map()) return repeat;
    repeat.times = at.required("times").integer(1, static_cast<std::int64_t>(kMostLayers));
    if (const auto inputs = at.optional("inputs")) repeat.body.inputs = read_inputs(*inputs);
    repeat.body.items = read_items(at.required("layers"), depth);
    return repeat;
  }

  std::size_t entries_ = 0;
};

/// Second half: repeats unrolled, names looked up, layers added to the network. What depends on something
/// that could not be added is left out silently: its cause has been noted.
class Builder {
 public:
  explicit Builder(std::string name) : network_(std::move(name)) {}

  void build(Block& file) {
    scopes_.emplace_back(&file);
    add_inputs(file, "");
    if (file.inputs.size() == 1) previous_ = look_up(file.inputs[0].name);
    add_items(file, "");
  }

  void mark_outputs(const yaml::Value& at) {
    for (const yaml::Value& element : at.elements()) {
      const Made* made = find(NameInFile{element.text(), element}, "the outputs");
      if (made != nullptr && made->tensor >= 0) network_.mark_output(made->tensor);
    }
  }

  Network take() { return std::move(network_); }

 private:
  /// What a name stands for; -1: it has a problem, or is a network input (no layer).
  struct Made {
    TensorId tensor = -1;
    int layer = -1;
  };

  struct Scope {
    explicit Scope(const Block* b) : block(b) {}
    const Block* block;
    std::map<std::string, Made> names;  ///< as written in this block, in this iteration
    std::optional<Made> input;          ///< what `block` means; nothing in the file's own layers
  };

  void add_inputs(Block& block, const std::string& suffix) {
    for (InputEntry& input : block.inputs) {
      Made made;
      if (input.sound) {
        try {
          made.tensor = network_.add_input(input.name + suffix, input.shape);
        } catch (const std::invalid_argument& error) {
          input.at.problem(error.what());
          input.sound = false;
        }
      }
      define(input.name, suffix, made);
    }
  }

  void add_items(Block& block, const std::string& suffix) {
    for (Block::Item& item : block.items) {
      if (auto* entry = std::get_if<LayerEntry>(&item)) {
        if (++unrolled_ > kMostLayers) {
          if (unrolled_ == kMostLayers + 1)
            entry->at.problem(fmt::format("more than {} layers in all", kMostLayers));
          return;
        }
        const Made made{add_layer(*entry, suffix), static_cast<int>(network_.layers().size()) - 1};
        define(entry->layer.name, suffix, made.tensor < 0 ? Made{} : made);
        previous_ = made;
      } else {
        unroll(std::get<Block::Repeat>(item), suffix);
      }
    }
  }

  void unroll(Block::Repeat& repeat, const std::string& suffix) {
    for (std::int64_t i = 1; i <= repeat.times && unrolled_ <= kMostLayers; ++i) {
      if (++iterations_ > kMostNesting * kMostLayers)
        return;  // takes empty bodies, and these have been noted
      const std::string own_suffix = fmt::format("{}.{}", suffix, i);
      scopes_.emplace_back(&repeat.body);
      scopes_.back().input = previous_;
      add_inputs(repeat.body, own_suffix);
      add_items(repeat.body, own_suffix);
      scopes_.pop_back();
    }
  }

  /// The layer's output; -1 if it was not added.
  TensorId add_layer(LayerEntry& entry, const std::string& suffix) {
    if (!entry.sound && entry.looked_up) return -1;
    entry.looked_up = true;
    const std::size_t problems = entry.at.problem_count();
    Layer layer = entry.layer;
    layer.name += suffix;
    bool complete = true;
    if (entry.from.empty()) {
      complete = read_previous(entry.at, layer);
    } else {
      for (const NameInFile& from : entry.from) {
        const Made* made = find(from, "the layer \"" + layer.name + "\"", &entry);
        if (made != nullptr && made->tensor >= 0) layer.inputs.push_back(made->tensor);
        complete = complete && made != nullptr && made->tensor >= 0;
      }
    }
    if (entry.tied) complete = tie(*entry.tied, entry, layer) && complete;
    if (entry.at.problem_count() > problems) entry.sound = false;
    if (!complete || !entry.sound) return -1;
    if (entry.flatten) {
      const Shape& in = network_.shape(layer.inputs[0]);
      layer.operation = Reshape{.shape = in.empty() ? Shape{1, -1} : Shape{in[0], -1}};
    }
    try {
      return network_.add_layer(std::move(layer));
    } catch (const std::invalid_argument& error) {
      entry.at.problem(fmt::format("the layer \"{}\" ({}): {}", entry.layer.name + suffix,
                                   entry.flatten ? "flatten" : name(entry.layer.operation), error.what()));
      entry.sound = false;
      return -1;
    }
  }

  bool read_previous(const yaml::Value& at, Layer& layer) const {
    if (!previous_) {
      at.problem(
          "no layer before this one and not one single network input, expected `from` to name what it reads");
      return false;
    }
    if (previous_->tensor >= 0) layer.inputs.push_back(previous_->tensor);
    return previous_->tensor >= 0;
  }

  bool tie(const NameInFile& tied, const LayerEntry& entry, Layer& layer) {
    const Made* made = find(tied, "the layer \"" + layer.name + "\"", &entry);
    if (made == nullptr) return false;
    if (made->layer < 0) {
      if (made->tensor >= 0)
        tied.at.problem(fmt::format("\"{}\" is a network input, expected a layer with weights", tied.name));
      return false;
    }
    const Layer& owner = network_.layers()[static_cast<std::size_t>(made->layer)];
    if (!owner.weights) {
      tied.at.problem(
          fmt::format("the {} layer \"{}\" has no weights to share", name(owner.operation), tied.name));
      return false;
    }
    layer.weights = *owner.weights;
    layer.weights->counted = false;
    if (layer.weights->tied_to.empty()) layer.weights->tied_to = owner.name;
    layer.density.weights = owner.density.weights;
    layer.distribution = owner.distribution;
    return true;
  }

  void define(const std::string& name, const std::string& suffix, const Made& made) {
    scopes_.back().names.insert({name, made});  // the first of two layers of one name counts
    all_.insert({name + suffix, made});
  }

  const Made* look_up_pointer(const std::string& name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      const auto found = scope->names.find(name);
      if (found != scope->names.end()) return &found->second;
    }
    const auto found = all_.find(name);
    return found == all_.end() ? nullptr : &found->second;
  }

  std::optional<Made> look_up(const std::string& name) const {
    const Made* made = look_up_pointer(name);
    return made == nullptr ? std::nullopt : std::optional(*made);
  }

  /// What a name in the file means; notes a problem and returns nothing if there is no such thing (yet).
  const Made* find(const NameInFile& wanted, const std::string& who, const LayerEntry* reader = nullptr) {
    const std::string& name = wanted.name;
    if (name.empty()) return nullptr;  // noted when it was read
    if (name == kPrevious) {
      if (!previous_) wanted.at.problem("no layer before this one and not one single network input");
      return previous_ ? &*previous_ : nullptr;
    }
    if (name == kBlock) {
      const std::optional<Made>& input = scopes_.back().input;
      if (scopes_.size() < 2)
        wanted.at.problem("`block` is the input of a repeat's iteration, and here is no repeat");
      else if (!input)
        wanted.at.problem("the repeat has no layer before it and not one single network input");
      return input ? &*input : nullptr;
    }
    if (const Made* made = look_up_pointer(name)) return made;
    if (reader != nullptr && name == reader->layer.name) {
      wanted.at.problem(fmt::format("{} reads itself, expected a layer above it", who));
    } else if (is_declared(name)) {
      wanted.at.problem(
          fmt::format("{} reads \"{}\", which comes later; expected a layer above it (layers form no cycles)",
                      who, name));
    } else {
      wanted.at.problem(
          fmt::format("there is no layer or input \"{}\"{}", name, did_you_mean(name, visible_names())));
    }
    return nullptr;
  }

  bool is_declared(const std::string& name) const {
    for (const Scope& scope : scopes_) {
      for (const Block::Item& item : scope.block->items) {
        const auto* entry = std::get_if<LayerEntry>(&item);
        if (entry != nullptr && entry->layer.name == name) return true;
      }
    }
    return false;
  }

  std::vector<std::string> visible_names() const {
    std::vector<std::string> names = {kPrevious, kBlock};
    for (const Scope& scope : scopes_) {
      for (const auto& [name, made] : scope.names) names.push_back(name);
    }
    for (const auto& [name, made] : all_) names.push_back(name);
    return names;
  }

  Network network_;
  std::vector<Scope> scopes_;
  std::map<std::string, Made> all_;  ///< by full name, suffixes included
  std::optional<Made> previous_;
  std::size_t unrolled_ = 0;    ///< layers, added or not
  std::size_t iterations_ = 0;  ///< of all repeats
};

}  // namespace

Network read_yaml_network(const yaml::Document& document) {
  const yaml::Value root = document.root();
  root.only_keys({"name", "input", "inputs", "outputs", "layers"});
  if (!root.is_map()) document.finish();
  const std::string name = read_name(root.required("name"));
  Reader reader;
  Block file;
  if (const auto input = root.optional("input")) file.inputs.push_back(Reader::read_input(*input, "input"));
  if (const auto inputs = root.optional("inputs")) {
    if (root.has("input")) inputs->problem("besides `input`, expected one of the two");
    for (InputEntry& entry : reader.read_inputs(*inputs)) file.inputs.push_back(std::move(entry));
  }
  if (!root.has("input") && !root.has("inputs")) {
    root.problem("neither `input: [extents]` nor `inputs: {name: [extents]}`, expected one of the two");
  }
  file.items = reader.read_items(root.required("layers"), 0);
  Builder builder(name);
  builder.build(file);
  if (const auto outputs = root.optional("outputs")) builder.mark_outputs(*outputs);
  document.finish();
  return builder.take();
}

Network read_yaml_network(const std::filesystem::path& file) {
  return read_yaml_network(yaml::Document::load(file));
}

Network parse_yaml_network(const std::string& text, const std::string& file) {
  return read_yaml_network(yaml::Document::parse(text, file));
}

}  // namespace heddle::workload
