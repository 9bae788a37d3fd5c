// Is a result file either whole or absent?
#include <catch2/catch.hpp>

#include "support/error.h"
#include "support/write_file.h"
#include "tests/scratch_folder.h"

using namespace heddle;
using tests::contents;

TEST_CASE("a file appears only when it is complete", "[write]") {
  const tests::ScratchFolder folder;
  {
    OutputFile file(folder / "a.json");
    file.stream() << "half";
    CHECK_FALSE(std::filesystem::exists(folder / "a.json"));
    file.commit();
  }
  CHECK(contents(folder / "a.json") == "half");
  CHECK(folder.files() == 1);
}

TEST_CASE("an abandoned file leaves the old one and no litter", "[write]") {
  const tests::ScratchFolder folder;
  write_file(folder / "a.json", "old");
  { OutputFile(folder / "a.json").stream() << "new"; }
  CHECK(contents(folder / "a.json") == "old");
  CHECK(folder.files() == 1);
  write_file(folder / "a.json", "new");
  CHECK(contents(folder / "a.json") == "new");
}

TEST_CASE("a link stays a link, and a device stays a device", "[write]") {
  const tests::ScratchFolder folder;
  tests::put(folder / "real", "old");
  std::filesystem::create_symlink("real", folder / "link");
  write_file(folder / "link", "new");
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(contents(folder / "real") == "new");
  write_file("/dev/null", "gone");
  CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("what cannot be written is named", "[write]") {
  const tests::ScratchFolder folder;
  CHECK_THROWS_WITH(write_file(folder.path(), "x"), Catch::Contains("is a folder"));
  CHECK_THROWS_WITH(write_file(folder / "absent/a.json", "x"),
                    Catch::Contains("a.json: cannot be written: No such file"));
  CHECK_THROWS_AS(write_file("/dev/full", std::string(1 << 20, 'x')), InputError);
}
