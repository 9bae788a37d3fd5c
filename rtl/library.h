// Verilated units as shared libraries: those that were built with heddle lie in rtl/ beside the program,
// others are verilated and compiled when they are first asked for, into $XDG_CACHE_HOME/heddle/rtl.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "rtl/configuration.h"
#include "rtl/model.h"

namespace heddle::rtl {

class Library {
 public:
  /// `sources`: heddle's rtl folder (build_unit and the units). `built`: where those that were built ahead
  /// are.
  Library(std::filesystem::path sources, std::filesystem::path built)
      : sources_(std::move(sources)), built_(std::move(built)) {}

  /// The one that belongs to the running program: rtl/ in a folder above it (a build tree) or
  /// ../share/heddle/rtl, and rtl/ beside it. Throws InputError if there are no sources.
  static Library of_this_program();

  /// A fresh model. `building` is told the unit's name before a build, which takes from ten seconds to
  /// minutes. Throws InputError with Verilator's or the compiler's messages if it fails.
  std::unique_ptr<Model> make(const Configuration& configuration,
                              const std::function<void(const std::string&)>& building = {}) const;

 private:
  std::filesystem::path find_or_build(const Configuration& configuration,
                                      const std::function<void(const std::string&)>& building) const;

  std::filesystem::path sources_, built_;
};

}  // namespace heddle::rtl
