// A Verilated unit as the rest of heddle sees it: ports by name, no Verilator header. rtl/plugin/plugin.cpp
// implements it and is compiled, together with the unit, into a shared library (rtl/library.h loads it).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace heddle::rtl {

/// A port's bits, least significant first, in whole bytes.
struct ModelPort {
  const char* name = nullptr;
  void* bits = nullptr;
  std::size_t bytes = 0;
};

class Model {
 public:
  virtual ~Model() = default;
  virtual const std::vector<ModelPort>& ports() const = 0;
  /// Settles everything that the input ports have changed; rising clocks move the registers.
  virtual void eval() = 0;
  /// What failed assertions said since the last call; empty: none failed.
  virtual std::string failures() = 0;

  /// Can the state be saved? (A model that collects coverage cannot.)
  virtual bool saves() const = 0;
  virtual void save(const std::string& file) = 0;
  virtual void restore(const std::string& file) = 0;

  /// Waveforms (FST).
  virtual void open_waves(const std::string& file) = 0;
  virtual void dump_waves(unsigned long long time) = 0;
  virtual void close_waves() = 0;

  /// Lines and toggles that were reached, in Verilator's format; nothing if none are collected.
  virtual void write_coverage(const std::string& file) = 0;
};

/// What the shared library exports.
using MakeModel = Model* (*)();
inline constexpr const char* kMakeModel = "heddle_make_model";

}  // namespace heddle::rtl
