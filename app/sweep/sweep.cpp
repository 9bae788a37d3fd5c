#include "app/sweep/sweep.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "app/sweep/campaign.h"
#include "app/sweep/ranks.h"
#include "app/sweep/refine.h"
#include "app/sweep/results.h"
#include "app/sweep/worker.h"
#include "app/version.h"
#include "support/error.h"
#include "support/write_file.h"

namespace heddle::sweep {
namespace {

namespace fs = std::filesystem;

/// Of the folder of the results, until the end of this process: two sweeps would hand out the same points.
class Lock {
 public:
  explicit Lock(const fs::path& folder) {
    std::error_code code;
    fs::create_directories(folder, code);
    if (code) throw InputError(folder.string(), "cannot be made: " + code.message());
    const std::string file = folder / "lock";
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) throw InputError(folder.string(), "cannot be written to");
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0)
      throw InputError(folder.string(),
                       "another sweep is at work there; expected another --output, or to wait for it");
  }
  ~Lock() { ::close(descriptor_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  int descriptor_ = -1;
};

std::vector<Column> columns_of(const SweepFile& file) {
  std::vector<Column> columns;
  for (const Axis& axis : file.axes) {
    Json values = Json::array();
    for (const Choice& choice : axis.choices) values.push_back(json_of(choice.label));
    columns.push_back({axis.name, "axis", "", {{"keys", axis.keys}, {"values", std::move(values)}}});
  }
  for (const auto& [name, text] : file.derived)
    columns.push_back({name, "derived", "", {{"expression", text}}});
  for (const Objective& objective : file.objectives) {
    columns.push_back({objective.name,
                       "objective",
                       unit_of(objective.name),
                       {{"goal", objective.maximize ? "maximize" : "minimize"}}});
  }
  for (const std::string& budget : file.budgets) columns.push_back({budget, "budget", "", Json::object()});
  return columns;
}

std::string command_of(const app::SweepOptions& options) {
  std::string text = "heddle sweep " + options.file;
  if (options.jobs > 0) text += fmt::format(" --jobs {}", options.jobs);
  if (options.output) text += " --output " + options.output->string();
  return text;
}

/// The sweep of one process: everything but the question who works points out.
std::string conduct(const app::SweepOptions& options, const app::ConfigLibrary& library, Team& team,
                    app::Progress& progress) {
  const SweepFile file = read_sweep_file(library.find(app::ConfigKind::sweep, options.file));
  const Space space(file, library);
  const bool searches = file.sample.method == Sampling::nsga2;
  const std::vector<Point> points = searches ? std::vector<Point>{} : sampled(space, file.sample);
  const fs::path folder = options.output.value_or(file.name);
  const Lock lock(folder);
  Store store = Store::open(folder / "sweep.db");
  store.describe({{"heddle", app::kVersion},
                  {"name", file.name},
                  {"file", file.text},
                  {"command", command_of(options)}});
  store.set_columns(columns_of(file));

  const auto begin = std::chrono::steady_clock::now();
  const std::string started = fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr)));
  Engine engine(store, team, file.folder, progress);
  Campaign campaign(file, space, store, engine, library);
  const auto session = [&] {
    Session work = engine.work();
    work.started = started;
    work.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return work;
  };
  std::vector<Volume> volumes;
  RefinementResult refinement;
  try {
    if (searches) {
      volumes = search(file, space, campaign);
    } else {
      campaign.add(points, "sample");
    }
    campaign.settle();
    store.set_volumes(volumes);
    if (file.refine) refinement = refine(file, campaign);
    std::vector<Refined> refined;
    for (const Comparison& point : refinement.points)
      refined.push_back({campaign.candidates()[point.candidate].key, point.simulated});
    store.set_refined(refined);
  } catch (const Interrupted&) {
    store.add(session());
    throw;
  }
  store.make_view();
  const Session work = session();
  store.add(work);
  write_file(folder / "results.csv", results_csv(store));
  write_file(folder / "results.json", results_json(store, true).dump(1) + "\n");
  progress.clear();
  return results_table(file, campaign, refinement, volumes, work) +
         fmt::format("results: {}\n", (folder / "{sweep.db,results.csv,results.json}").string());
}

}  // namespace

std::string sweep(const app::SweepOptions& options, const app::ConfigLibrary& library,
                  app::Progress& progress) {
  const auto ranks = Ranks::of_this_job();
  const std::size_t workers = options.jobs > 0 ? static_cast<std::size_t>(options.jobs)
                              : ranks          ? 1
                                               : std::max(1U, std::thread::hardware_concurrency());
  WorkerTeam own(workers);
  if (!ranks) {
    interrupt_on_signals();
    return conduct(options, library, own, progress);
  }
  if (!ranks->owns_database()) {
    ranks->serve(own);
    return "";
  }
  interrupt_on_signals();
  const std::unique_ptr<Team> team = ranks->all(own);
  try {
    std::string text = conduct(options, library, *team, progress);
    ranks->dismiss();
    return text;
  } catch (...) {
    ranks->dismiss();
    throw;
  }
}

}  // namespace heddle::sweep
