#include "sim/sequencer.h"

namespace heddle::sim {

using workload::Operand;

void Sequencer::start() {
  walk_.emplace(run_.program->problem.shape, run_.program->mapping, run_.innermost());
  pass_ = {};
  pass_.number = -1;
  for (Operand operand : workload::kOperands) pass_.level[operand] = run_.keeper(operand, run_.innermost());
  open_ = -1;
}

bool Sequencer::ready() const {
  if (walk_->done()) return false;
  const int mover = run_.innermost() - 1;
  return mover < 0 || run_.at(mover).delivered.seen() > walk_->iteration(mover);
}

const Pass& Sequencer::take() {
  const int innermost = run_.innermost();
  ++pass_.number;
  pass_.tile = walk_->tile(innermost);
  for (Operand operand : workload::kOperands) {
    const int level = pass_.level[operand];
    pass_.generation[operand] = level == 0 ? 0 : walk_->generation(level - 1, operand);
  }
  pass_.ends = 0;
  // An iteration that ends takes those inside it with it.
  for (int level = innermost - 1; level >= 0 && walk_->last_of(level); --level) pass_.ends |= 1u << level;
  const std::int64_t outputs = walk_->generation(innermost, Operand::outputs);
  pass_.opens = outputs != open_;
  open_ = outputs;
  pass_.resumes = pass_.opens && !is_first_visit(pass_.tile);
  walk_->next();
  pass_.closes = walk_->done() || walk_->generation(innermost, Operand::outputs) != outputs;
  pass_.completes = pass_.closes && is_last_visit(pass_.tile, run_.program->problem.shape);
  return pass_;
}

void Sequencer::finish(const Pass& pass) {
  for (int level = 0; level < run_.innermost(); ++level) {
    if (pass.ends_iteration(level)) run_.at(level).finished.advance();
  }
}

}  // namespace heddle::sim
