#include "workload/readers/timeloop_problem.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>

#include "workload/readers/plain_name.h"
#include "workload/readers/timeloop_shape.h"

namespace heddle::workload {
namespace {

using yaml::Value;

constexpr std::int64_t kMostWindow = 1 << 16;
constexpr std::size_t kMostAxes = 2;

/// One coordinate of the inputs that a window slides over.
struct Axis {
  std::string output, kernel;    ///< dimensions; empty: of size 1
  std::string stride, dilation;  ///< coefficients; empty: 1
  std::string prefix() const {   ///< "W" of "Wstride": W and Wpad are then its extent and padding
    constexpr std::string_view kStride = "stride";
    if (stride.size() <= kStride.size() || !stride.ends_with(kStride)) return "";
    return stride.substr(0, stride.size() - kStride.size());
  }
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool starts_like(const std::string& name, std::initializer_list<const char*> words) {
  const std::string plain = lower(name);
  return std::any_of(words.begin(), words.end(), [&](const char* word) { return plain.starts_with(word); });
}

class ProblemReader {
 public:
  ProblemReader(const Value& at, std::string name) : at_(at), name_(std::move(name)) {}

  /// Nothing once a problem has been noted.
  std::optional<Network> read() {
    read_shape();
    if (bad()) return std::nullopt;
    read_instance();
    if (bad()) return std::nullopt;
    find_roles();
    if (bad()) return std::nullopt;
    multiply_dimensions();
    if (bad()) return std::nullopt;
    return build();
  }

 private:
  bool bad() const { return at_.problem_count() > 0; }

  void read_shape() {
    if (const auto version = at_.optional("version")) {
      version->one_of({"0.4", "0.3", "0.2", "0.1"});
    }
    const auto shape = at_.optional("shape");
    const std::string shipped = !shape ? "cnn-layer" : shape->is_scalar() ? shape->text() : "";
    if (shipped.empty()) {
      shape_ = read_timeloop_shape(*shape);
      return;
    }
    if (auto known = shipped_timeloop_shape(shipped)) {
      shape_ = std::move(*known);
    } else {
      shape->problem(
          fmt::format("the shape \"{}\" is not known, expected cnn-layer, gemm-ABZ or a map with "
                      "dimensions and data_spaces",
                      shipped));
    }
  }

  /// Loop bounds and coefficients stand in `instance`, or beside `shape`.
  void read_instance() {
    std::vector<std::string> keys = {
        "H", "W", "Hpad", "Wpad", "densities", "commonDensity", "common_density"};
    keys.insert(keys.end(), shape_.dimensions.begin(), shape_.dimensions.end());
    for (const auto& [name, value] : shape_.coefficients) keys.push_back(name);
    const auto instance = at_.optional("instance");
    if (instance) {
      at_.only_keys({"version", "shape", "instance"});
      instance->only_keys(keys);
    } else {
      keys.insert(keys.end(), {"version", "shape", "instance"});
      at_.only_keys(keys);
    }
    instance_ = instance ? instance : at_;
    for (const std::string& dimension : shape_.dimensions)
      sizes_[dimension] = instance_->required(dimension).integer(1, kMostElements);
    for (auto& [name, value] : shape_.coefficients) {
      if (const auto given = instance_->optional(name)) value = given->integer(1, kMostWindow);
    }
  }

  static bool has_sum(const TimeloopDataSpace& space) {
    return std::any_of(space.coordinates.begin(), space.coordinates.end(), [](const auto& terms) {
      return terms.size() > 1 || (terms.size() == 1 && !terms[0].coefficient.empty());
    });
  }

  static std::size_t uses(const TimeloopDataSpace& space, const std::string& dimension) {
    std::size_t count = 0;
    for (const auto& terms : space.coordinates) {
      count += static_cast<std::size_t>(std::count_if(
          terms.begin(), terms.end(), [&](const TimeloopTerm& term) { return term.dimension == dimension; }));
    }
    return count;
  }

  /// Which data space is written, which are the weights and which the inputs.
  void find_roles() {
    std::vector<const TimeloopDataSpace*> read;
    for (const TimeloopDataSpace& space : shape_.data_spaces) {
      if (space.read_write && outputs_ == nullptr) {
        outputs_ = &space;
      } else {
        read.push_back(&space);
      }
    }
    if (outputs_ == nullptr || read.size() != 2 || read[0]->read_write || read[1]->read_write) {
      const auto written = std::count_if(shape_.data_spaces.begin(), shape_.data_spaces.end(),
                                         [](const TimeloopDataSpace& space) { return space.read_write; });
      unsupported(fmt::format("{} data spaces, {} of them read_write; expected three, one of them read_write",
                              shape_.data_spaces.size(), written));
      return;
    }
    const bool sums[2] = {has_sum(*read[0]), has_sum(*read[1])};
    if (has_sum(*outputs_) || (sums[0] && sums[1])) {
      const TimeloopDataSpace& space = has_sum(*outputs_) ? *outputs_ : *read[1];
      space.at.problem(
          fmt::format("a sum of dimensions in {}, expected sums in the inputs only: neither a "
                      "transposed convolution nor the like is supported",
                      space.name));
      return;
    }
    // Without a window the names decide, and else the order: the first is the weights.
    const bool second_is_weights =
        sums[0] || (!sums[1] && (starts_like(read[1]->name, {"weight", "filter", "kernel"}) ||
                                 starts_like(read[0]->name, {"input", "activation", "ifmap"})));
    weights_ = read[second_is_weights ? 1 : 0];
    inputs_ = read[second_is_weights ? 0 : 1];
    for (const std::string& dimension : shape_.dimensions) {
      for (const TimeloopDataSpace* space : {weights_, inputs_, outputs_}) {
        if (uses(*space, dimension) > 1)
          space->at.problem(
              fmt::format("{} appears twice in the projection of {}, expected once", dimension, space->name));
      }
    }
    if (!bad()) find_axes();
  }

  bool in(const TimeloopDataSpace* space, const std::string& dimension) const {
    return uses(*space, dimension) > 0;
  }

  void find_axes() {
    for (const auto& terms : inputs_->coordinates) {
      if (terms.empty() || (terms.size() == 1 && terms[0].coefficient.empty())) continue;
      Axis axis;
      for (const TimeloopTerm& term : terms) {
        const bool moves = in(outputs_, term.dimension) && !in(weights_, term.dimension);
        const bool taps = in(weights_, term.dimension) && !in(outputs_, term.dimension);
        std::string& place = moves ? axis.output : axis.kernel;
        if ((!moves && !taps) || !place.empty()) {
          inputs_->at.problem(fmt::format(
              "the sum of {} in {} is no sliding window, expected an output position and a kernel position",
              names_of(terms), inputs_->name));
          return;
        }
        place = term.dimension;
        (moves ? axis.stride : axis.dilation) = term.coefficient;
      }
      axes_.push_back(std::move(axis));
    }
    if (axes_.size() > kMostAxes) {
      inputs_->at.problem(
          fmt::format("a window in {} dimensions, expected at most rows and columns", axes_.size()));
    }
    // P and R are rows, Q and S columns; with other names the first sum is the rows.
    const auto is_columns = [](const Axis& axis) { return axis.output == "Q" || axis.kernel == "S"; };
    const auto is_rows = [](const Axis& axis) { return axis.output == "P" || axis.kernel == "R"; };
    if (axes_.size() == 1 && is_columns(axes_[0])) axes_.insert(axes_.begin(), Axis{});
    if (axes_.size() == 2 && is_columns(axes_[0]) && is_rows(axes_[1])) std::swap(axes_[0], axes_[1]);
    if (!axes_.empty()) axes_.resize(kMostAxes);
  }

  static std::string names_of(const std::vector<TimeloopTerm>& terms) {
    std::vector<std::string> names;
    for (const TimeloopTerm& term : terms) names.push_back(term.dimension);
    return fmt::format("{}", fmt::join(names, " and "));
  }

  /// Every dimension outside the window is a group, batch, output channel or input channel; several of one
  /// kind are as one of their product.
  void multiply_dimensions() {
    for (const std::string& dimension : shape_.dimensions) {
      const std::int64_t size = sizes_.at(dimension);
      const bool of_window = std::any_of(axes_.begin(), axes_.end(), [&](const Axis& axis) {
        return axis.output == dimension || axis.kernel == dimension;
      });
      if (of_window || size == 1) continue;
      const bool w = in(weights_, dimension), x = in(inputs_, dimension), y = in(outputs_, dimension);
      std::int64_t* const role = w && x && y ? &groups_
                                 : w && y    ? &out_
                                 : x && y    ? &batch_
                                 : w && x    ? &in_
                                             : nullptr;
      if (role == nullptr) {
        instance_->required(dimension).problem(fmt::format(
            "the dimension {} of {} is in {}; expected every dimension in two or three data spaces",
            dimension, size,
            w || x || y ? "only one data space (" +
                              (w   ? weights_
                               : x ? inputs_
                                   : outputs_)
                                  ->name +
                              ")"
                        : "no data space"));
      } else if (*role > kMostElements / size) {
        instance_->required(dimension).problem("with the dimensions of the same role more than 2^40");
      } else {
        *role *= size;
      }
    }
  }

  std::int64_t size_or_one(const std::string& dimension) const {
    return dimension.empty() ? 1 : sizes_.at(dimension);
  }
  std::int64_t coefficient_or_one(const std::string& name) const {
    return name.empty() ? 1 : shape_.coefficients.at(name);
  }

  /// Input extent and padding along an axis: as given (H and Hpad beside Hstride), or what the window covers.
  std::int64_t place_window(std::size_t a, Window& window) {
    const Axis& axis = axes_[a];
    const std::int64_t outputs = size_or_one(axis.output);
    window.kernel[a] = size_or_one(axis.kernel);
    window.stride[a] = coefficient_or_one(axis.stride);
    window.dilation[a] = coefficient_or_one(axis.dilation);
    if (window.kernel[a] > kMostWindow) {
      instance_->required(axis.kernel)
          .problem(fmt::format("a kernel of {}, expected at most {}", window.kernel[a], kMostWindow));
      return 1;
    }
    const std::int64_t reach = window.dilation[a] * (window.kernel[a] - 1) + 1;
    const std::int64_t covered = (outputs - 1) * window.stride[a] + reach;
    const std::string prefix = axis.prefix();
    const auto extent = prefix.empty() ? std::nullopt : instance_->optional(prefix);
    const auto padding = prefix.empty() ? std::nullopt : instance_->optional(prefix + "pad");
    if (padding) window.padding[a] = padding->integer(0, kMostWindow);
    if (!extent) {
      if (window.padding[a] == 0) return covered;
      const std::int64_t inside = covered - 2 * window.padding[a];
      if (inside < 1) {
        padding->problem(fmt::format("a padding of {} on each side of a window that covers {}, expected less",
                                     window.padding[a], covered));
        return 1;
      }
      window.padding[a + 2] = window.padding[a];
      return inside;
    }
    const std::int64_t given = extent->integer(1, kMostElements);
    window.padding[a + 2] = std::max<std::int64_t>(0, covered - window.padding[a] - given);
    if (window.output_size(static_cast<int>(a), given) != outputs || window.padding[a + 2] > kMostWindow) {
      extent->problem(fmt::format(
          "{} positions with a padding of {} do not give {} outputs: the windows cover {}, expected up to {}",
          given, window.padding[a], outputs, covered, covered + window.stride[a] - 1));
    }
    return given;
  }

  Density read_densities() {
    Density density;
    const auto common = instance_->has("commonDensity") ? instance_->optional("commonDensity")
                                                        : instance_->optional("common_density");
    if (common) density.weights = density.activations = read_density(*common);
    const auto densities = instance_->optional("densities");
    if (!densities) return density;
    densities->only_keys({weights_->name, inputs_->name, outputs_->name});
    if (const auto weights = densities->optional(weights_->name)) density.weights = read_density(*weights);
    if (const auto inputs = densities->optional(inputs_->name)) density.activations = read_density(*inputs);
    if (const auto outputs = densities->optional(outputs_->name)) read_density(*outputs);
    return density;
  }

  /// A number, or a map with the density and a distribution, of which only the share is taken.
  static double read_density(const Value& at) {
    if (at.is_scalar()) return at.number(0, 1);
    at.only_keys({"density", "distribution", "band_width", "workload_tensor_size", "band-width",
                  "workload-tensor-size"});
    return at.required("density").number(0, 1);
  }

  std::optional<Network> build() {
    Layer layer{.name = name_};
    Shape input;
    if (axes_.empty() && groups_ == 1) {
      layer.operation = Linear{.out_features = out_};
      input = {batch_, in_};
    } else {
      axes_.resize(kMostAxes);
      if (groups_ > kMostElements / std::max(in_, out_)) {
        unsupported("more than 2^40 channels in all groups");
        return std::nullopt;
      }
      Convolution conv{.out_channels = groups_ * out_, .groups = groups_};
      const std::int64_t rows = place_window(0, conv.window), columns = place_window(1, conv.window);
      layer.operation = conv;
      input = {batch_, groups_ * in_, rows, columns};
    }
    layer.density = read_densities();
    if (bad()) return std::nullopt;
    try {
      Network network(name_);
      layer.inputs = {network.add_input("input", input)};
      network.add_layer(std::move(layer));
      return network;
    } catch (const std::invalid_argument& error) {
      unsupported(error.what());
      return std::nullopt;
    }
  }

  void unsupported(const std::string& message) const { at_.problem(message); }

  Value at_;
  std::string name_;
  TimeloopShape shape_;
  std::optional<Value> instance_;
  std::map<std::string, std::int64_t> sizes_;
  const TimeloopDataSpace* weights_ = nullptr;
  const TimeloopDataSpace* inputs_ = nullptr;
  const TimeloopDataSpace* outputs_ = nullptr;
  std::vector<Axis> axes_;  ///< none, or rows and columns
  std::int64_t groups_ = 1, batch_ = 1, out_ = 1, in_ = 1;
};

}  // namespace

bool is_timeloop_problem(const yaml::Document& document) {
  const yaml::Value root = document.root();
  return root.has("problem") && !root.has("layers");
}

Network read_timeloop_problem(const yaml::Document& document) {
  const std::string name = plain_name(std::filesystem::path(document.file()).stem().string());
  const yaml::Value at = document.root().required("problem");
  if (!at.is_map()) at.only_keys({"version", "shape", "instance"});
  std::optional<Network> network;
  if (at.is_map()) network = ProblemReader(at, name == "input" ? "layer" : name).read();
  document.finish();
  return std::move(network).value();
}

Network parse_timeloop_problem(const std::string& text, const std::string& file) {
  return read_timeloop_problem(yaml::Document::parse(text, file));
}

}  // namespace heddle::workload
