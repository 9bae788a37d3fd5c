// One OpenMP thread while it lives: oneDNN then takes no other core, and sums in one order.
#pragma once

#include <omp.h>

namespace heddle {

class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

}  // namespace heddle
