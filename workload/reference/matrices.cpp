#include "workload/reference/matrices.h"

namespace heddle::workload {

std::vector<std::int64_t> second_matrices(const Shape& a, const Shape& b) {
  std::int64_t count = 1;
  for (std::size_t i = 0; i + 2 < a.size(); ++i) count *= a[i];
  std::vector<std::int64_t> result(static_cast<std::size_t>(count));
  for (std::int64_t g = 0; g < count; ++g) {
    std::int64_t rest = g, stride = 1;
    for (std::size_t back = 3; back <= b.size(); ++back) {
      const std::int64_t extent = b[b.size() - back];
      if (extent != 1) result[static_cast<std::size_t>(g)] += rest % a[a.size() - back] * stride;
      rest /= a[a.size() - back];
      stride *= extent;
    }
  }
  return result;
}

}  // namespace heddle::workload
