#include "app/sweep/ranks.h"

#define OMPI_SKIP_MPICXX  // its C++ bindings, which nobody links
#include <mpi.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

namespace heddle::sweep {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

enum Tag { kSize, kJob, kAnswer, kDismissed };

/// Open MPI waits busily; on machines that compute, waiting must cost nothing.
constexpr milliseconds kNap{1};

void send(int rank, Tag tag, const std::string& text) {
  MPI_Send(text.data(), static_cast<int>(text.size()), MPI_CHAR, rank, tag, MPI_COMM_WORLD);
}

struct Message {
  int rank = 0;
  int tag = 0;
  std::string text;
};

std::optional<Message> received(int rank) {
  int there = 0;
  MPI_Status status;
  MPI_Iprobe(rank, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status);
  if (there == 0) return std::nullopt;
  int size = 0;
  MPI_Get_count(&status, MPI_CHAR, &size);
  Message message{status.MPI_SOURCE, status.MPI_TAG, std::string(static_cast<std::size_t>(size), '\0')};
  MPI_Recv(message.text.data(), size, MPI_CHAR, message.rank, message.tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  return message;
}

/// The team of rank 0, and those of the others.
class AllRanks : public Team {
 public:
  AllRanks(Team& own, int ranks) : own_(own), free_(static_cast<std::size_t>(ranks), 0) {
    for (int rank = 1; rank < ranks; ++rank) {
      std::int64_t workers = 0;
      MPI_Recv(&workers, 1, MPI_INT64_T, rank, kSize, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      free_[static_cast<std::size_t>(rank)] = static_cast<std::size_t>(workers);
      remote_ += static_cast<std::size_t>(workers);
    }
  }

  std::size_t size() const override { return own_.size() + remote_; }

  std::size_t idle() const override {
    std::size_t idle = own_.idle();
    for (const std::size_t free : free_) idle += free;
    return idle;
  }

  void give(Job job) override {
    // The least busy rank first, so that long points spread over machines.
    std::size_t best = 0;
    for (std::size_t rank = 1; rank < free_.size(); ++rank) {
      if (free_[rank] > (best == 0 ? own_.idle() : free_[best])) best = rank;
    }
    if (best == 0) return own_.give(std::move(job));
    --free_[best];
    send(static_cast<int>(best), kJob,
         Json{{"key", job.key}, {"request", job.request}, {"simulated", job.simulated}}.dump());
  }

  std::vector<Answer> collect(milliseconds longest) override {
    std::vector<Answer> answers;
    for (const Clock::time_point end = Clock::now() + longest; answers.empty() && Clock::now() < end;) {
      if (own_.idle() < own_.size()) {
        answers = own_.collect(kNap);
      } else {
        std::this_thread::sleep_for(kNap);
      }
      while (const auto message = received(MPI_ANY_SOURCE)) {
        const Json json = Json::parse(message->text);
        answers.push_back({json.at("key"), json.at("outcome"), json.at("loss")});
        ++free_[static_cast<std::size_t>(message->rank)];
      }
    }
    return answers;
  }

 private:
  Team& own_;
  std::size_t remote_ = 0;
  std::vector<std::size_t> free_;  ///< workers by rank; rank 0's are own_
};

}  // namespace

std::unique_ptr<Ranks> Ranks::of_this_job() {
  // Set by mpirun (Open MPI) and by srun with PMIx or PMI2; a program on its own must not wait for anybody.
  bool launched = false;
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"})
    launched |= std::getenv(name) != nullptr;
  if (!launched) return nullptr;
  auto ranks = std::unique_ptr<Ranks>(new Ranks);
  return ranks->count_ > 1 ? std::move(ranks) : nullptr;
}

Ranks::Ranks() {
  MPI_Init(nullptr, nullptr);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &count_);
}

Ranks::~Ranks() { MPI_Finalize(); }

void Ranks::serve(Team& team) {
  const auto workers = static_cast<std::int64_t>(team.size());
  MPI_Send(&workers, 1, MPI_INT64_T, 0, kSize, MPI_COMM_WORLD);
  for (;;) {
    while (const auto message = received(0)) {
      if (message->tag == kDismissed) return;
      const Json json = Json::parse(message->text);
      team.give({json.at("key"), json.at("request"), json.at("simulated")});
    }
    if (team.idle() == team.size()) {
      std::this_thread::sleep_for(kNap);
      continue;
    }
    for (const Answer& answer : team.collect(kNap)) {
      send(0, kAnswer, Json{{"key", answer.key}, {"outcome", answer.outcome}, {"loss", answer.loss}}.dump());
    }
  }
}

std::unique_ptr<Team> Ranks::all(Team& own) { return std::make_unique<AllRanks>(own, count_); }

void Ranks::dismiss() {
  for (int rank = 1; rank < count_; ++rank) send(rank, kDismissed, "");
}

}  // namespace heddle::sweep
