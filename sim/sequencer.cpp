#include "sim/sequencer.h"

namespace heddle::sim {

using workload::Operand;

void Sequencer::start() {
  walk_.emplace(run_.program->problem.shape, run_.program->mapping, run_.innermost());
  taken_ = 0;
  open_ = -1;
}

bool Sequencer::ready() const {
  if (walk_->done()) return false;
  const int mover = run_.innermost() - 1;
  return mover < 0 || run_.at(mover).delivered.seen() > walk_->iteration(mover);
}

Pass Sequencer::take() {
  const int innermost = run_.innermost();
  Pass pass;
  pass.number = taken_++;
  pass.tile = walk_->tile(innermost);
  for (Operand operand : workload::kOperands) {
    pass.level[operand] = run_.keeper(operand, innermost);
    pass.generation[operand] =
        pass.level[operand] == 0 ? 0 : walk_->generation(pass.level[operand] - 1, operand);
  }
  for (int level = 0; level < innermost; ++level) {
    if (walk_->last_of(level)) pass.ends.push_back(level);
  }
  const std::int64_t outputs = walk_->generation(innermost, Operand::outputs);
  pass.opens = outputs != open_;
  open_ = outputs;
  pass.resumes = pass.opens && !is_first_visit(pass.tile);
  walk_->next();
  pass.closes = walk_->done() || walk_->generation(innermost, Operand::outputs) != outputs;
  pass.completes = pass.closes && is_last_visit(pass.tile, run_.program->problem.shape);
  return pass;
}

void Sequencer::finish(const Pass& pass) {
  for (const int level : pass.ends) run_.at(level).finished.advance();
}

}  // namespace heddle::sim
