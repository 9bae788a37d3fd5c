#include "workload/readers/plain_name.h"

#include <cctype>

#include "workload/readers/yaml_layer.h"

namespace heddle::workload {

std::string plain_name(const std::string& text) {
  std::string name = text;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '.' && c != '/' && c != '-')
      c = '_';
  }
  if (name.empty()) return "layer";
  return name == kPrevious || name == kBlock ? name + "_" : name;
}

}  // namespace heddle::workload
