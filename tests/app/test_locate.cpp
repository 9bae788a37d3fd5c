// Are configuration files found where the documentation says?
#include <catch2/catch.hpp>

#include "app/locate.h"
#include "support/error.h"
#include "tests/scratch_folder.h"

using namespace heddle;
using app::ConfigKind;
using app::ConfigLibrary;

TEST_CASE("a name is a file of its kind's folder, the first folder first", "[locate]") {
  const tests::ScratchFolder folder;
  tests::put(folder / "one/accelerators/small.yaml", "");
  tests::put(folder / "two/accelerators/small.yaml", "");
  tests::put(folder / "two/accelerators/large.yml", "");
  tests::put(folder / "two/networks/digits.onnx", "");
  tests::put(folder / "two/networks/digits.yaml", "");
  tests::put(folder / "two/networks/digits/notes.txt", "");
  const ConfigLibrary library({folder / "one", folder / "two"});
  CHECK(library.find(ConfigKind::accelerator, "small") == folder / "one/accelerators/small.yaml");
  CHECK(library.find(ConfigKind::accelerator, "large") == folder / "two/accelerators/large.yml");
  CHECK(library.find(ConfigKind::network, "digits") == folder / "two/networks/digits.onnx");
  CHECK(library.find(ConfigKind::network, "digits.yaml") == folder / "two/networks/digits.yaml");
  CHECK(library.names(ConfigKind::accelerator) == std::vector<std::string>{"large", "small"});
  CHECK(library.names(ConfigKind::network) == std::vector<std::string>{"digits"});
  CHECK(library.names(ConfigKind::energy).empty());
  tests::put(folder / "one/constraints/mine.yaml", "");
  CHECK(library.find(ConfigKind::constraints, "mine") == folder / "one/constraints/mine.yaml");
}

TEST_CASE("a path is taken as it is, relative to the file that names it", "[locate]") {
  const tests::ScratchFolder folder;
  tests::put(folder / "mine/a.yaml", "");
  const ConfigLibrary library({});
  const std::string absolute = (folder / "mine/a.yaml").string();
  CHECK(library.find(ConfigKind::energy, absolute) == absolute);
  CHECK(library.find(ConfigKind::energy, absolute, "/elsewhere") == absolute);
  CHECK(library.find(ConfigKind::energy, "a.yaml", folder / "mine") == folder / "mine/a.yaml");
  CHECK_THROWS_WITH(library.find(ConfigKind::energy, (folder / "mine").string()),
                    Catch::Contains("is a folder"));
  CHECK_THROWS_WITH(library.find(ConfigKind::energy, (folder / "gone.yaml").string()),
                    Catch::Contains("no such file"));
}

TEST_CASE("an unknown name lists those that there are", "[locate]") {
  const tests::ScratchFolder folder;
  tests::put(folder / "accelerators/nm-8x8.yaml", "");
  tests::put(folder / "accelerators/dense-8x8.yaml", "");
  const ConfigLibrary library({folder.path()});
  CHECK_THROWS_WITH(library.find(ConfigKind::accelerator, "dense-8x9"),
                    "dense-8x9: no such accelerator (did you mean \"dense-8x8\"?): neither a file nor one of "
                    "configs/accelerators: dense-8x8, nm-8x8");
  CHECK_THROWS_WITH(library.find(ConfigKind::accelerator, "dense-8x9.yaml"),
                    Catch::Contains("did you mean \"dense-8x8\""));
  CHECK_THROWS_AS(library.find(ConfigKind::accelerator, ""), InputError);
  CHECK_THROWS_WITH(ConfigLibrary({}).find(ConfigKind::network, "digits"),
                    Catch::Contains("no configs/networks was found"));
}

TEST_CASE("the build tree's program finds the source tree's configs", "[locate]") {
  const std::filesystem::path shipped =
      std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/accelerators/dense-16x16.yaml";
  CHECK(std::filesystem::equivalent(
      ConfigLibrary::of_this_program().find(ConfigKind::accelerator, "dense-16x16"), shipped));
}
