#include "mapper/network_mapping.h"

#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "mapper/default_mapping.h"
#include "mapper/fingerprint.h"

namespace heddle::mapper {

NetworkMapper::NetworkMapper(const arch::Accelerator& accelerator, const arch::EnergyTable& table,
                             MapperOptions options, int jobs, std::shared_ptr<MappingCache> cache)
    : accelerator_(accelerator),
      table_(table),
      options_(std::move(options)),
      jobs_(jobs),
      cache_(std::move(cache)) {}

int NetworkMapper::threads() const { return jobs_ > 0 ? jobs_ : tbb::info::default_concurrency(); }

MappingWork NetworkMapper::work() const {
  MappingWork work;
  for (const auto& [fingerprint, answer] : known_) {
    ++work.layers;
    if (answer.cached) ++work.cached;
  }
  return work;
}

LayerAnswer NetworkMapper::solve(const LayerQuestion& layer) const {
  const MappingQuestion question{layer.problem, accelerator_, table_, options_, layer.on_chip};
  LayerAnswer answer;
  answer.solved_as = layer.problem.name;
  if (cache_ != nullptr) answer.mapped = cache_->find(question);
  answer.cached = answer.mapped.has_value();
  if (answer.cached) return answer;
  try {
    MappedLayer mapped = map_layer(layer.problem, accelerator_, table_, options_, layer.on_chip);
    const auto wrong = arch::illegalities(mapped.mapping, layer.problem, accelerator_);
    for (const std::string& message : wrong)
      answer.problems.push_back({accelerator_.name, 0, 0, "layer " + layer.problem.name, message});
    if (wrong.empty()) {
      if (cache_ != nullptr) cache_->store(question, mapped);
      answer.mapped = std::move(mapped);
    }
  } catch (const InputError& error) {
    answer.problems = error.problems();
  }
  if (!answer.mapped) {
    try {
      // Does the layer fit at all? If not, this says which level is too small for its smallest tiles.
      default_mapping(layer.problem, accelerator_);
    } catch (const InputError& reason) {
      answer.problems = reason.problems();
    }
  }
  return answer;
}

std::vector<LayerAnswer> NetworkMapper::map(const std::vector<LayerQuestion>& layers, const Report& report) {
  std::vector<std::string> keys;
  struct Task {
    const LayerQuestion* layer;
    LayerAnswer* answer;
  };
  std::vector<Task> tasks;
  for (const LayerQuestion& layer : layers) {
    keys.push_back(fingerprint(layer.problem, layer.on_chip));
    const auto [place, is_new] = known_.try_emplace(keys.back());
    if (is_new) tasks.push_back({&layer, &place->second});
  }

  std::mutex mutex;  // of what is reported
  std::size_t done = 0;
  std::atomic<std::size_t> next{0};
  const auto say = [&](const std::string& layer, std::size_t more) {
    const std::lock_guard lock(mutex);
    done += more;
    if (report) report(layer, static_cast<double>(done) / static_cast<double>(tasks.size()));
  };
  // Each worker takes the next layer. A search that is parallel inside must not take another one meanwhile.
  const auto work = [&] {
    for (std::size_t task; (task = next++) < tasks.size();) {
      say(tasks[task].layer->problem.name, 0);
      tbb::this_task_arena::isolate([&] { *tasks[task].answer = solve(*tasks[task].layer); });
      say(tasks[task].layer->problem.name, 1);
    }
  };
  try {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(threads()));
    tbb::task_arena arena(threads());
    if (!tasks.empty()) arena.execute([&] { tbb::parallel_for(0, threads(), [&](int) { work(); }); });
  } catch (...) {
    std::erase_if(known_, [](const auto& each) { return each.second.solved_as.empty(); });
    throw;
  }

  std::vector<LayerAnswer> answers;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    answers.push_back(known_.at(keys[i]));
    if (answers.back().mapped) answers.back().mapped->mapping.layer = layers[i].problem.name;
  }
  return answers;
}

LayerAnswer NetworkMapper::map(const LayerQuestion& layer) {
  return map(std::vector<LayerQuestion>{layer}).front();
}

void require_all_mapped(const std::vector<LayerAnswer>& answers) {
  std::vector<Problem> problems;
  std::vector<std::string> told;
  for (const LayerAnswer& answer : answers) {
    if (std::find(told.begin(), told.end(), answer.solved_as) != told.end()) continue;
    told.push_back(answer.solved_as);
    problems.insert(problems.end(), answer.problems.begin(), answer.problems.end());
  }
  if (!problems.empty()) throw InputError(std::move(problems));
}

}  // namespace heddle::mapper
