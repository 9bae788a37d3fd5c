// A Verilated unit behind heddle::rtl::Model. Compiled with the unit by rtl/build_unit: HEDDLE_PORTS names
// the file that lists the unit's ports, HEDDLE_SAVES and HEDDLE_COVERS say what Verilator was asked for.
#include <cstdarg>
#include <cstdio>
#include <memory>

#include "Vunit.h"
#include "rtl/model.h"
#include "verilated_cov.h"
#include "verilated_fst_c.h"
#include "verilated_save.h"

namespace {

std::string printed;  ///< by the RTL, since the last failures()
bool failed = false;

class VerilatedUnit : public heddle::rtl::Model {
 public:
  VerilatedUnit() {
    context_.traceEverOn(true);
    context_.fatalOnError(false);
    unit_ = std::make_unique<Vunit>(&context_);
#define HEDDLE_PORT(name) ports_.push_back({#name, &unit_->name, sizeof unit_->name});
#include HEDDLE_PORTS
#undef HEDDLE_PORT
  }
  ~VerilatedUnit() override { unit_->final(); }

  const std::vector<heddle::rtl::ModelPort>& ports() const override { return ports_; }
  void eval() override { unit_->eval(); }
  std::string failures() override {
    if (!failed) return {};
    failed = false;
    return std::exchange(printed, {});
  }

#ifdef HEDDLE_SAVES
  bool saves() const override { return true; }
  void save(const std::string& file) override {
    VerilatedSave out;
    out.open(file.c_str());
    out << *unit_;
  }
  void restore(const std::string& file) override {
    VerilatedRestore in;
    in.open(file.c_str());
    in >> *unit_;
  }
#else
  bool saves() const override { return false; }
  void save(const std::string&) override {}
  void restore(const std::string&) override {}
#endif

  void open_waves(const std::string& file) override {
    waves_ = std::make_unique<VerilatedFstC>();
    unit_->trace(waves_.get(), 99);
    waves_->open(file.c_str());
  }
  void dump_waves(unsigned long long time) override { waves_->dump(static_cast<uint64_t>(time)); }
  void close_waves() override { waves_->close(); }

  void write_coverage([[maybe_unused]] const std::string& file) override {
#ifdef HEDDLE_COVERS
    context_.coveragep()->write(file.c_str());
#endif
  }

 private:
  VerilatedContext context_;
  std::unique_ptr<Vunit> unit_;
  std::unique_ptr<VerilatedFstC> waves_;
  std::vector<heddle::rtl::ModelPort> ports_;
};

}  // namespace

// The runtime calls these instead of printing and ending the program.
extern "C" int heddle_vl_printf(const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (printed.size() < 4096) printed += text;
  return length;
}
void vl_stop(const char* /*file*/, int /*line*/, const char* /*scope*/) { failed = true; }
void vl_fatal(const char* file, int line, const char* /*scope*/, const char* message) {
  failed = true;
  printed += std::string(file) + ":" + std::to_string(line) + ": " + message + "\n";
}

extern "C" heddle::rtl::Model* heddle_make_model() { return new VerilatedUnit; }
