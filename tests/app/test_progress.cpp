// Is the progress line right, and silent where nobody looks?
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>

#include "app/progress.h"

using heddle::app::Progress;
using heddle::app::progress_line;

TEST_CASE("the line shows layer, share and the time left", "[progress]") {
  CHECK(progress_line("conv1", 0, 3, 80) == "conv1  [....................]   0 %");
  CHECK(progress_line("conv1", 0.25, 10, 80) ==
        "conv1  [#####...............]  25 %  00:30 left");  // 10 s for a quarter
  CHECK(progress_line("conv1", 0.5, 7200, 80) == "conv1  [##########..........]  50 %  2:00:00 left");
  CHECK(progress_line("conv1", 1, 3, 80) == "conv1  [####################] 100 %  00:00 left");
  CHECK(progress_line("conv1", 0.999, 999, 80).find(" 99 %") != std::string::npos);  // 100 only when done
}

TEST_CASE("no share and no width breaks the line", "[progress]") {
  CHECK(progress_line("a", -1, 1, 80) == progress_line("a", 0, 1, 80));
  CHECK(progress_line("a", 2, 1, 80) == progress_line("a", 1, 1, 80));
  CHECK(progress_line("a", std::nan(""), 1, 80) == progress_line("a", 0, 1, 80));
  CHECK(progress_line("a long label", 0.5, 1, 45).size() <= 45);
  CHECK(progress_line("a", 0.5, 1, 0).empty());
}

TEST_CASE("nothing goes into a file or a pipe", "[progress]") {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  {
    Progress progress(false, file);
    progress.update("conv1", 0.5);
  }
  CHECK(std::ftell(file) == 0);
  std::fclose(file);
}
