#include "rtl/verify/line_coverage.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "support/error.h"
#include "support/read_text.h"

namespace heddle::verify {

RtlCoverage read_rtl_coverage(const std::filesystem::path& file) {
  std::istringstream in(read_text(file, "a coverage file of Verilator"));
  std::string line;
  if (!std::getline(in, line) || line.find("SystemC::Coverage") == std::string::npos)
    throw InputError(file.string(), "is no coverage file of Verilator");

  // C '<key>\x02<value>\x01<key>...' <count>: page is v_line/<module> or v_toggle/<module>, f the file, l the
  // line, n the column, o what it is.
  struct Element {
    std::string kind, file, rest;
    int line = 0;
    auto operator<=>(const Element&) const = default;
  };
  std::map<Element, bool> elements;
  while (std::getline(in, line)) {
    const std::size_t begin = line.find('\''), end = line.rfind('\'');
    if (line.empty() || line[0] != 'C' || begin == end) continue;
    Element element;
    std::istringstream fields(line.substr(begin + 1, end - begin - 1));
    std::string field;
    while (std::getline(fields, field, '\x01')) {
      const std::size_t split = field.find('\x02');
      if (split == std::string::npos) continue;
      const std::string key = field.substr(0, split), value = field.substr(split + 1);
      if (key == "page") element.kind = value.substr(0, value.find('/'));
      if (key == "f") element.file = value;
      if (key == "l") element.line = std::atoi(value.c_str());
      if (key == "n" || key == "o") element.rest += value + " ";
    }
    bool& reached = elements[element];
    reached = reached || std::atoll(line.c_str() + end + 1) > 0;
  }
  RtlCoverage coverage;
  for (const auto& [element, reached] : elements) {
    auto& files = element.kind == "v_line" ? coverage.lines : coverage.toggles;
    SourceCoverage& source = files[element.file];
    ++source.points;
    source.reached += reached;
    if (!reached && (source.missed.empty() || source.missed.back() != element.line))
      source.missed.push_back(element.line);
  }
  for (auto* files : {&coverage.lines, &coverage.toggles}) {
    for (auto& [name, source] : *files) std::sort(source.missed.begin(), source.missed.end());
  }
  return coverage;
}

}  // namespace heddle::verify
