#include "mapper/cache.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "arch/legality.h"
#include "mapper/fingerprint.h"
#include "mapper/search/evaluator.h"
#include "support/cache_folder.h"
#include "support/error.h"
#include "support/sha256.h"
#include "support/write_file.h"

namespace heddle::mapper {
namespace {

using Json = nlohmann::ordered_json;
using workload::kOperands;

/// Of the files and of what is fingerprinted; another number makes all older files absent.
constexpr int kFormat = 1;

Json to_json(const std::vector<arch::Loop>& loops) {
  Json json = Json::array();
  for (const arch::Loop& loop : loops) json.push_back({std::string(1, letter(loop.dim)), loop.factor});
  return json;
}

Json to_json(const workload::PerOperand<bool>& operands) {
  Json json = Json::array();
  for (const workload::Operand operand : kOperands) json.push_back(operands[operand]);
  return json;
}

Json to_json(const MappedLayer& answer) {
  const arch::LayerMapping& mapping = answer.mapping;
  Json memory = Json::array();
  for (const arch::LevelMapping& level : mapping.memory) {
    memory.push_back({{"temporal", to_json(level.temporal)}, {"keep", to_json(level.keep)}});
  }
  const Certificate& certificate = answer.certificate;
  Json removed = Json::array();
  for (const auto& [reason, mappings] : certificate.removed) removed.push_back({reason, to_string(mappings)});
  return {{"mapping",
           {{"memory", std::move(memory)},
            {"rows", to_json(mapping.rows)},
            {"columns", to_json(mapping.columns)},
            {"lanes", to_json(mapping.lanes)},
            {"registers", to_json(mapping.registers)},
            {"on_chip", to_json(mapping.on_chip)}}},
          {"energy_pj", answer.cost.energy_pj},
          {"cycles", answer.cost.cycles},
          {"certificate",
           {{"proved", certificate.proved},
            {"lower_bound", certificate.lower_bound},
            {"best", certificate.best},
            {"space", to_string(certificate.space)},
            {"evaluated", to_string(certificate.evaluated)},
            {"removed", std::move(removed)},
            {"seconds", certificate.seconds}}}};
}

// Reading: anything unexpected throws std::exception, and the file counts as damaged.

std::vector<arch::Loop> loops_of(const Json& json) {
  std::vector<arch::Loop> loops;
  for (const Json& loop : json) {
    loops.push_back(
        {workload::dim_of(loop.at(0).get<std::string>()).value(), loop.at(1).get<std::int64_t>()});
  }
  return loops;
}

workload::PerOperand<bool> operands_of(const Json& json) {
  workload::PerOperand<bool> operands;
  for (const workload::Operand operand : kOperands) {
    operands[operand] = json.at(static_cast<std::size_t>(operand)).get<bool>();
  }
  return operands;
}

Count count_of(const Json& json) {
  Count count = 0;
  for (const char digit : json.get<std::string>()) {
    if (digit < '0' || digit > '9') throw std::invalid_argument("no number");
    count = count * 10 + static_cast<unsigned>(digit - '0');
  }
  return count;
}

MappedLayer answer_of(const Json& json) {
  MappedLayer answer;
  const Json& mapping = json.at("mapping");
  for (const Json& level : mapping.at("memory")) {
    answer.mapping.memory.push_back({loops_of(level.at("temporal")), operands_of(level.at("keep"))});
  }
  answer.mapping.rows = loops_of(mapping.at("rows"));
  answer.mapping.columns = loops_of(mapping.at("columns"));
  answer.mapping.lanes = loops_of(mapping.at("lanes"));
  answer.mapping.registers = loops_of(mapping.at("registers"));
  answer.mapping.on_chip = operands_of(mapping.at("on_chip"));
  answer.cost = {json.at("energy_pj").get<double>(), json.at("cycles").get<std::int64_t>()};
  const Json& certificate = json.at("certificate");
  answer.certificate.proved = certificate.at("proved").get<bool>();
  answer.certificate.lower_bound = certificate.at("lower_bound").get<double>();
  answer.certificate.best = certificate.at("best").get<double>();
  answer.certificate.space = count_of(certificate.at("space"));
  answer.certificate.evaluated = count_of(certificate.at("evaluated"));
  for (const Json& removed : certificate.at("removed")) {
    answer.certificate.removed.push_back({removed.at(0).get<std::string>(), count_of(removed.at(1))});
  }
  answer.certificate.seconds = certificate.at("seconds").get<double>();
  return answer;
}

/// Does the mapping still cost what was found? A program under development keeps its version when its model
/// of the machine changes.
bool costs_what_it_says(const MappedLayer& answer, const MappingQuestion& question) {
  constexpr double kRounding = 1e-9;  // the search may have added up in another order
  const Cost cost = Evaluator(question.problem, question.accelerator, question.table).cost(answer.mapping);
  return cost.cycles == answer.cost.cycles &&
         std::abs(cost.energy_pj - answer.cost.energy_pj) <= kRounding * cost.energy_pj;
}

/// The answer in a file; nothing if it is absent, damaged or another's.
std::optional<MappedLayer> read_answer(const std::filesystem::path& file, const MappingQuestion& question) {
  try {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return std::nullopt;
    const Json json = Json::parse(std::string{std::istreambuf_iterator<char>(stream), {}});
    const Json& content = json.at("answer");
    if (json.at("key") != file.stem().string() || json.at("sha256") != sha256(content.dump()))
      return std::nullopt;
    MappedLayer answer = answer_of(content);
    answer.mapping.layer = question.problem.name;
    if (!arch::illegalities(answer.mapping, question.problem, question.accelerator).empty() ||
        !costs_what_it_says(answer, question))
      return std::nullopt;
    return answer;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

MappingCache::MappingCache(std::filesystem::path folder, std::string version)
    : folder_(std::move(folder)), version_(std::move(version)) {}

std::filesystem::path MappingCache::file(const MappingQuestion& question, bool proved) const {
  const Json key = {kFormat, version_, fingerprint(question.accelerator, question.table, question.options),
                    fingerprint(question.problem, question.on_chip),
                    proved ? Json() : Json(budget_fingerprint(question.options.options))};
  return folder_ / (sha256(key.dump(-1, ' ', false, Json::error_handler_t::replace)) + ".json");
}

std::optional<MappedLayer> MappingCache::find(const MappingQuestion& question) const {
  for (const bool proved : {true, false}) {
    auto answer = read_answer(file(question, proved), question);
    if (answer && answer->certificate.proved == proved) return answer;
  }
  return std::nullopt;
}

void MappingCache::store(const MappingQuestion& question, const MappedLayer& answer) {
  const std::filesystem::path target = file(question, answer.certificate.proved);
  const Json content = to_json(answer);
  const Json json = {
      {"key", target.stem().string()}, {"sha256", sha256(content.dump())}, {"answer", content}};
  try {
    std::error_code code;
    std::filesystem::create_directories(folder_, code);
    if (code) throw InputError(folder_.string(), "cannot be made: " + code.message());
    write_file(target, json.dump() + "\n");
  } catch (const InputError& error) {
    const std::lock_guard lock(mutex_);
    if (trouble_.empty()) trouble_ = error.what();
  }
}

std::string MappingCache::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

std::optional<std::filesystem::path> default_cache_folder() { return cache_folder("mappings"); }

}  // namespace heddle::mapper
