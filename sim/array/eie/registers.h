// Registers of a clocked part: what is written in a cycle is read from the next one on.
#pragma once

#include <systemc>
#include <vector>

namespace heddle::sim::eie {

/// A row of registers, one for each PE. Writers set next values; all of them become current at the end of the
/// delta cycle of the clock edge, so the parts of an array may run in any order.
template <class T>
class Registers : public sc_core::sc_prim_channel {
 public:
  explicit Registers(std::size_t count) : current_(count), next_(count) {}

  const T& operator[](std::size_t i) const { return current_[i]; }
  std::size_t size() const { return current_.size(); }
  T& next(std::size_t i) {
    if (!requested_) {
      requested_ = true;
      request_update();
    }
    return next_[i];
  }

 private:
  void update() override {
    requested_ = false;
    current_ = next_;
  }

  std::vector<T> current_, next_;
  bool requested_ = false;
};

}  // namespace heddle::sim::eie
