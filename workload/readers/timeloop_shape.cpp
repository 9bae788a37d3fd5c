#include "workload/readers/timeloop_shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace heddle::workload {
namespace {

using yaml::Value;

// Its R and P are the filter's and the output's width: Timeloop's order, and its names of the coefficients.
constexpr const char* kConvolution = R"(
dimensions: [R, S, P, Q, C, K, N]
coefficients:
  - {name: Wstride, default: 1}
  - {name: Hstride, default: 1}
  - {name: Wdilation, default: 1}
  - {name: Hdilation, default: 1}
data_spaces:
  - {name: Weights, projection: [C, K, R, S]}
  - {name: Inputs, projection: [[[N]], [[C]], [[R, Wdilation], [P, Wstride]], [[S, Hdilation], [Q, Hstride]]]}
  - {name: Outputs, projection: [N, K, Q, P], read_write: true}
)";

constexpr const char* kProduct = R"(
dimensions: [M, N, K]
data_spaces:
  - {name: A, projection: [M, K]}
  - {name: B, projection: [N, K]}
  - {name: Z, projection: [M, N], read_write: true}
)";

/// `first` or `second`, the same key of two versions.
std::optional<Value> either(const Value& at, const char* first, const char* second) {
  const auto value = at.optional(first);
  const auto other = at.optional(second);
  if (value && other) other->problem(fmt::format("besides \"{}\", expected one of the two", first));
  return value ? value : other;
}

/// A list of names, each once.
std::vector<std::string> read_names(const Value& at) {
  std::vector<std::string> names;
  for (const Value& element : at.elements()) {
    const std::string name = element.text();
    if (!element.is_scalar()) continue;
    if (std::find(names.begin(), names.end(), name) != names.end())
      element.problem(fmt::format("the dimension \"{}\" is listed twice", name));
    names.push_back(name);
  }
  return names;
}

class ShapeReader {
 public:
  TimeloopShape read(const Value& at) {
    at.only_keys({"name", "dimensions", "coefficients", "data_spaces", "data-spaces"});
    shape_.dimensions = read_names(at.required("dimensions"));
    if (const auto coefficients = at.optional("coefficients")) {
      for (const Value& coefficient : coefficients->elements()) read_coefficient(coefficient);
    }
    const auto spaces = either(at, "data_spaces", "data-spaces");
    if (!spaces) {
      at.required("data_spaces");
      return std::move(shape_);
    }
    for (const Value& space : spaces->elements()) read_space(space);
    return std::move(shape_);
  }

 private:
  void read_coefficient(const Value& at) {
    at.only_keys({"name", "default"});
    const Value name = at.required("name");
    const auto value = at.optional("default");
    if (!shape_.coefficients.emplace(name.text(), value ? value->integer(1, kMostCoefficient) : 1).second)
      name.problem(fmt::format("the coefficient \"{}\" is listed twice", name.text()));
  }

  void read_space(const Value& at) {
    at.only_keys({"name", "projection", "read_write", "read-write"});
    TimeloopDataSpace space{at.required("name").text(), {}, false, at};
    if (const auto written = either(at, "read_write", "read-write")) space.read_write = written->boolean();
    for (const Value& coordinate : at.required("projection").elements()) {
      std::vector<TimeloopTerm> terms;
      if (coordinate.is_scalar()) {  // the short form, one dimension a coordinate
        terms.push_back({dimension(coordinate), ""});
      } else {
        for (const Value& term : coordinate.elements()) read_term(term, terms);
      }
      space.coordinates.push_back(std::move(terms));
    }
    shape_.data_spaces.push_back(std::move(space));
  }

  void read_term(const Value& at, std::vector<TimeloopTerm>& terms) {
    const std::vector<Value> parts = at.elements();
    if (!at.is_list()) return;
    if (parts.empty() || parts.size() > 2) {
      at.problem(
          fmt::format("a term of {} names, expected [dimension] or [dimension, coefficient]", parts.size()));
      return;
    }
    TimeloopTerm term{dimension(parts[0]), ""};
    if (parts.size() == 2) {
      term.coefficient = parts[1].text();
      if (parts[1].is_scalar() && !shape_.coefficients.contains(term.coefficient)) {
        std::vector<std::string> known;
        for (const auto& [name, value] : shape_.coefficients) known.push_back(name);
        parts[1].problem(fmt::format("there is no coefficient \"{}\"{}", term.coefficient,
                                     did_you_mean(term.coefficient, known)));
      }
    }
    terms.push_back(std::move(term));
  }

  std::string dimension(const Value& at) {
    std::string name = at.text();
    const auto& known = shape_.dimensions;
    if (at.is_scalar() && std::find(known.begin(), known.end(), name) == known.end())
      at.problem(fmt::format("there is no dimension \"{}\"; known: {}", name, fmt::join(known, ", ")));
    return name;
  }

  static constexpr std::int64_t kMostCoefficient = 1 << 16;
  TimeloopShape shape_;
};

}  // namespace

TimeloopShape read_timeloop_shape(const Value& at) { return ShapeReader().read(at); }

std::optional<TimeloopShape> shipped_timeloop_shape(const std::string& name) {
  std::string plain = name;
  std::replace(plain.begin(), plain.end(), '_', '-');
  for (const char* ending : {".yaml", ".yml"}) {
    if (plain.ends_with(ending)) plain.resize(plain.size() - std::string_view(ending).size());
  }
  const char* text = plain == "cnn-layer" ? kConvolution : plain == "gemm-ABZ" ? kProduct : nullptr;
  if (text == nullptr) return std::nullopt;
  const yaml::Document document = yaml::Document::parse(text, name);
  TimeloopShape shape = read_timeloop_shape(document.root());
  document.finish();
  return shape;
}

}  // namespace heddle::workload
