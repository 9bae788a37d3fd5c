#include "rtl/verify/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "rtl/verify/eie_cases.h"
#include "support/error.h"

namespace heddle::verify {

using workload::Dim;

const std::vector<std::string>& override_names() {
  static const std::vector<std::string> names = {"waits", "N", "G", "H",      "W",        "M",
                                                 "C",     "R", "S", "stride", "dilation", "pad"};
  return names;
}

std::string to_text(const Overrides& overrides) {
  std::string text;
  for (const auto& [name, value] : overrides)
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, value);
  return text;
}

Overrides read_overrides(const std::string& text) {
  Overrides overrides;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t equals = part.find('=');
    const std::string name = part.substr(0, equals);
    const auto& known = override_names();
    std::int64_t value = -1;
    if (equals != std::string::npos)
      std::from_chars(part.data() + equals + 1, part.data() + part.size(), value);
    if (std::find(known.begin(), known.end(), name) == known.end() || value < 0 || value > 4096) {
      throw InputError("--sizes", fmt::format("\"{}\": expected NAME=NUMBER, such as M=4; names are {}", part,
                                              fmt::join(known, ", ")));
    }
    overrides[name] = value;
  }
  return overrides;
}

Campaign::Campaign(const arch::Accelerator& accelerator, rtl::CoSimulation& machines, Coverage& coverage)
    : accelerator_(accelerator), machines_(machines), coverage_(coverage) {}

namespace {

/// A generator for one purpose of one case.
Random random_of(std::uint64_t seed, std::int64_t number, std::uint64_t purpose) {
  std::seed_seq mixed{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                      static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(purpose)};
  std::uint32_t words[2];
  mixed.generate(words, words + 2);
  return Random(std::uint64_t{words[0]} << 32 | words[1]);
}

/// Layers of the random generator are small; some grow to what the array takes several times over.
void grow(Random& random, const arch::Accelerator& accelerator, workload::MacShape& shape) {
  if (!random.chance(0.5)) return;
  const arch::ArrayUnit& unit = accelerator.array;
  const std::int64_t m = unit.sparsity ? unit.sparsity->m : 1, n = unit.sparsity ? unit.sparsity->n : 1;
  shape.size[Dim::M] = random.range(1, 3 * unit.rows);
  shape.size[Dim::C] = random.range(1, 3 * unit.lanes * m / n);
}

void hold_to(workload::MacShape& shape, const Overrides& overrides) {
  const auto hold = [&](const char* name, std::int64_t& value, std::int64_t least) {
    const auto given = overrides.find(name);
    if (given != overrides.end()) value = std::max(least, given->second);
  };
  for (const Dim d : {Dim::N, Dim::G, Dim::M, Dim::C, Dim::R, Dim::S})
    hold(std::string(1, workload::letter(d)).c_str(), shape.size[d], 1);
  hold("H", shape.input_h, 1);
  hold("W", shape.input_w, 1);
  hold("stride", shape.stride_h, 1);
  hold("stride", shape.stride_w, 1);
  hold("dilation", shape.dilation_h, 1);
  hold("dilation", shape.dilation_w, 1);
  hold("pad", shape.pad_top, 0);
  hold("pad", shape.pad_left, 0);
  fit_window(shape);
}

Overrides sizes_of(const workload::MacShape& shape, bool waits) {
  Overrides sizes;
  for (const Dim d : {Dim::N, Dim::G, Dim::M, Dim::C, Dim::R, Dim::S})
    sizes[std::string(1, workload::letter(d))] = shape.size[d];
  sizes["H"] = shape.input_h;
  sizes["W"] = shape.input_w;
  sizes["stride"] = std::max(shape.stride_h, shape.stride_w);
  sizes["dilation"] = std::max(shape.dilation_h, shape.dilation_w);
  sizes["pad"] = std::max(shape.pad_top, shape.pad_left);
  sizes["waits"] = waits ? 1 : 0;
  return sizes;
}

enum Purpose : std::uint64_t { kLayer, kTensors, kMapping, kWaits };

}  // namespace

void Campaign::run(std::uint64_t seed, std::int64_t number, const Overrides& overrides) {
  last_ = {};
  Random random = random_of(seed, number, kWaits);
  const auto given = overrides.find("waits");
  const bool waits = random.chance(0.6) && (given == overrides.end() || given->second != 0);
  machines_.set_back_pressure(waits ? std::optional<std::uint64_t>(random.engine()() >> 1) : std::nullopt);
  last_.sizes["waits"] = waits ? 1 : 0;
  if (accelerator_.array.eie) {
    run_eie(seed, number, overrides);
  } else {
    run_dot(seed, number, overrides);
  }
}

void Campaign::run(const sim::LayerProgram& program) {
  const bool waits = last_.sizes["waits"] != 0;
  last_.sizes = sizes_of(program.problem.shape, waits);
  last_.ran = true;
  const sim::LayerOutcome outcome = machines_.run(program);
  coverage_.add(program, outcome, machines_.lanes().saturated());
}

void Campaign::run_dot(std::uint64_t seed, std::int64_t number, const Overrides& overrides) {
  Random layer = random_of(seed, number, kLayer), tensors = random_of(seed, number, kTensors);
  arch::LayerProblem problem = random_problem(layer, accelerator_);
  grow(layer, accelerator_, problem.shape);
  hold_to(problem.shape, overrides);
  problem.name = fmt::format("case {}", number);
  Case test = random_case(tensors, accelerator_, problem);
  Random mapping = random_of(seed, number, kMapping);
  for (int tries = 0; tries < 10; ++tries) {
    if (!draw_mapping(mapping, test, accelerator_)) return;
    try {
      rtl::check_mapping(test.program.mapping, accelerator_);
    } catch (const InputError&) {
      continue;
    }
    return run(test.program);
  }
}

void Campaign::run_eie(std::uint64_t seed, std::int64_t number, const Overrides& overrides) {
  Random layer = random_of(seed, number, kLayer), tensors = random_of(seed, number, kTensors),
         mapping = random_of(seed, number, kMapping);
  arch::LayerProblem problem = random_eie_problem(layer, accelerator_);
  hold_to(problem.shape, overrides);
  problem.name = fmt::format("case {}", number);
  for (int tries = 0; tries < 10; ++tries) {
    const auto drawn = draw_eie_mapping(mapping, problem, accelerator_);
    if (!drawn) continue;
    EieCase test = random_eie_case(tensors, accelerator_, problem, *drawn);
    test.bind();
    return run(test.program);
  }
}

}  // namespace heddle::verify
