// Which RTL an accelerator asks for, and what there is none of.
#include <catch2/catch.hpp>
#include <filesystem>

#include "rtl/configuration.h"
#include "rtl/verify/campaign.h"
#include "support/error.h"

namespace {

using namespace heddle;

arch::Accelerator shipped(const std::string& name) {
  return arch::read_accelerator(std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/accelerators" /
                                (name + ".yaml"));
}

TEST_CASE("a unit is named after its parameters") {
  CHECK(rtl::array_configuration(shipped("nm-8x8")).name() == "dot_array-8-8-8-2-4-0-8-8-32-16-80-128-8");
  CHECK(rtl::ppu_configuration(shipped("nm-8x8")).name() == "ppu-8-32");
  // 128 KiB of matrix SRAM are 16384 words, of which 16-bit pointers with 3 bits for the entry reach 8192.
  CHECK(rtl::array_configuration(shipped("eie-16")).name() == "eie_array-16-8-4-4-64-16-8192-8192-64-128-16");
}

TEST_CASE("arrays and mappings that no RTL is written for are refused") {
  arch::Accelerator resident = shipped("dense-8x8");
  resident.array.registers.weights = 2;
  CHECK_THROWS_WITH(rtl::array_configuration(resident),
                    Catch::Contains("more of weights run on --array model"));
  arch::Accelerator odd = shipped("eie-16");
  odd.array.eie->word_bits = 24;
  CHECK_THROWS_WITH(rtl::array_configuration(odd), Catch::Contains("24 bits hold 3 of 8"));
  odd = shipped("eie-16");
  odd.array.eie->word_bits = 8;
  CHECK_THROWS_WITH(rtl::array_configuration(odd), Catch::Contains("array.pointers.bits"));

  arch::LayerMapping mapping;
  mapping.registers = {{workload::Dim::C, 2}, {workload::Dim::R, 3}};
  CHECK_NOTHROW(rtl::check_mapping(mapping, shipped("dense-8x8")));
  mapping.registers.push_back({workload::Dim::C, 2});
  CHECK_THROWS_WITH(rtl::check_mapping(mapping, shipped("dense-8x8")), Catch::Contains("loop over C once"));
}

TEST_CASE("sizes that a case is held to are read as they are written") {
  const verify::Overrides sizes = verify::read_overrides("M=4,waits=0,C=13");
  CHECK(verify::to_text(sizes) == "C=13,M=4,waits=0");
  CHECK(verify::read_overrides("").empty());
  CHECK_THROWS_AS(verify::read_overrides("M"), InputError);
  CHECK_THROWS_AS(verify::read_overrides("M=-1"), InputError);
  CHECK_THROWS_AS(verify::read_overrides("M=5000"), InputError);
}

}  // namespace
