// Bad inputs of every kind, as files and a command, with what the message must contain.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace heddle::end_to_end {

struct BadInput {
  std::string kind;                          ///< heading in docs/bad-inputs.md
  std::string name;                          ///< what is wrong, in the user's words
  std::vector<std::string> arguments;        ///< of heddle, in a folder that holds `files`
  std::map<std::string, std::string> files;  ///< name and content
  std::vector<std::string> fragments;        ///< of the message on standard error
};

std::vector<BadInput> bad_command_lines();
std::vector<BadInput> bad_networks();
std::vector<BadInput> bad_onnx_files();
std::vector<BadInput> bad_foreign_networks();  ///< Timeloop problems and SCALE-Sim topologies
std::vector<BadInput> bad_accelerators();
std::vector<BadInput> bad_eie_accelerators();
std::vector<BadInput> bad_energy_tables();
std::vector<BadInput> bad_mappings();
std::vector<BadInput> bad_eie_mappings();
std::vector<BadInput> bad_recipes();
std::vector<BadInput> bad_sweeps();  ///< edits (--set) and reports, too
std::vector<BadInput> bad_arrays();  ///< .npy inputs, calibration inputs and labels
std::vector<BadInput> networks_that_do_not_fit();
std::vector<BadInput> networks_that_no_eie_unit_runs();

std::vector<BadInput> all_bad_inputs();

/// Good files; the bad ones differ from them in one thing.
extern const std::string kNetwork;      ///< conv [1, 3, 8, 8] -> pool -> flatten -> fc of 10
extern const std::string kAccelerator;  ///< dense, 8 x 8 PEs of 8 lanes, 128 KiB
extern const std::string kMapping;      ///< of kNetwork's conv on kAccelerator
extern const std::string kEie;          ///< eie, 4 PEs
extern const std::string kEieMapping;   ///< of kNetwork's conv on kEie
extern const std::string kEnergy;
/// `text` with one occurrence of `from` replaced; throws std::logic_error unless there is exactly one.
std::string changed(std::string text, const std::string& from, const std::string& to);

/// A .npy file of version 1, its header exactly as given.
std::string npy(const std::string& descr, bool fortran_order, const std::string& shape,
                const std::string& data);
std::string floats(const std::vector<float>& values);

}  // namespace heddle::end_to_end
