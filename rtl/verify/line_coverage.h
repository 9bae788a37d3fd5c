// Lines and toggles of the RTL that simulations reached, from the file that Verilator's runtime writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace heddle::verify {

struct SourceCoverage {
  std::int64_t points = 0, reached = 0;
  std::vector<int> missed;  ///< line numbers, ascending
};
/// By source file. An element that the design has several times counts once, as reached if one of them was.
struct RtlCoverage {
  std::map<std::string, SourceCoverage> lines, toggles;
};

/// Throws InputError for a file that is none.
RtlCoverage read_rtl_coverage(const std::filesystem::path& file);

}  // namespace heddle::verify
