// Runs the Catch2 session inside SystemC's elaboration. A SystemC warning fails the test that caused it.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <cstdlib>
#include <systemc>

// The kernel keeps its own singletons until the process ends; a leak of ours is still an error.
extern "C" const char* __lsan_default_suppressions() { return "leak:libsystemc\n"; }

int sc_main(int argc, char* argv[]) {
  sc_core::sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_DISPLAY | sc_core::SC_THROW);
  return Catch::Session().run(argc, argv);
}

int main(int argc, char* argv[]) {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
  return sc_core::sc_elab_and_sim(argc, argv);
}
