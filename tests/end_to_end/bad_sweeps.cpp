// Sweep files, edits of files and results with something wrong in them.
#include "tests/end_to_end/bad_input.h"
#include "tests/end_to_end/program.h"

namespace heddle::end_to_end {
namespace {

const std::string kSweep = R"(name: small
base: {network: net.yaml, arch: arch.yaml}
axes:
  rows: {key: arch.array.rows, values: [4, 8]}
  lanes: {key: arch.array.lanes, powers_of_two: [2, 8]}
where: rows * lanes <= 32
objectives: {minimize: [latency, energy]}
)";

}  // namespace

std::vector<BadInput> bad_sweeps() {
  std::vector<BadInput> table;
  const auto with = [&](const std::string& name, const std::string& from, const std::string& to,
                        const std::vector<std::string>& fragments) {
    table.push_back(
        {"Sweeps",
         name,
         words("sweep sweep.yaml --output out"),
         {{"net.yaml", kNetwork}, {"arch.yaml", kAccelerator}, {"sweep.yaml", changed(kSweep, from, to)}},
         fragments});
  };
  with("an unknown key", "where:", "were:", {"sweep.yaml:6:1: were: unknown key (did you mean \"where\"?)"});
  with("no axes", "axes:", "axis:", {"the key \"axes\" is missing"});
  with("a key of no file", "arch.array.rows", "array.rows",
       {"sweep.yaml:4:15: axes.rows.key: \"array\" is in no file of a run"});
  with("an axis of one shape and another", "values: [4, 8]", "values: [4, 8], range: [1, 2]",
       {"axes.rows: expected exactly one of values, range, powers_of_two, order, choose"});
  with("an axis without values", "[4, 8]", "[]", {"axes.rows: has no values"});
  with("a value given twice", "[4, 8]", "[4, 4]", {"axes.rows.values[1]: 4 is given twice"});
  with("a condition on nothing", "rows * lanes <= 32", "rows * lains <= 32",
       {"where: \"rows * lains <= 32\": nothing is called \"lains\""});
  with("a condition that ends too soon", "rows * lanes <= 32",
       "rows * lanes <=", {"where: \"rows * lanes <=\""});
  with("no objective", "{minimize: [latency, energy]}", "{}",
       {"objectives: expected at least one objective"});
  with("a sample of no size", "where: rows * lanes <= 32", "sample: {method: random}",
       {"sample: the key \"points\" is missing"});
  with("a sample and a search", "where: rows * lanes <= 32",
       "sample: {method: full}\nsearch: {method: nsga2, points: 4}", {"search: points are sampled already"});
  with("no accelerator", ", arch: arch.yaml", "", {"base: expected the key \"arch\", here or as an axis"});
  with("a fidelity of another name", "arch: arch.yaml", "arch: arch.yaml, fidelity: exact",
       {"fidelity: expected analytical, fast, clocked, got \"exact\""});
  with("more points than can be gone through", "[4, 8]",
       "[4, 8]}\n  a: {key: arch.array.columns, range: [1, 4000]}\n  b: {key: seed, range: [1, 5000]",
       {"the axes make 120000000 points; expected a sample"});
  table.push_back({"Sweeps",
                   "no such sweep",
                   words("sweep lenet-5-array"),
                   {},
                   {"no such sweep (did you mean \"lenet-5-arrays\"?)"}});
  const auto edit = [&](const std::string& name, const std::string& text,
                        const std::vector<std::string>& fragments) {
    table.push_back({"Edits",
                     name,
                     words("run net.yaml --arch arch.yaml --set " + text),
                     {{"net.yaml", kNetwork}, {"arch.yaml", kAccelerator}},
                     fragments});
  };
  edit("a key without a value", "arch.array.rows", {"--set: expected KEY=VALUE"});
  edit("a file that no run has", "array.rows=4",
       {"expected KEY=VALUE with a key in arch, network, recipe, constraints, energy"});
  edit("a value that the key does not take", "arch.array.rows=many",
       {"arch.yaml: array.rows: expected an integer, got \"many\""});
  edit("a key that the file does not have", "arch.array.rwos=4",
       {"arch.yaml: array.rwos: unknown key (did you mean \"rows\"?)"});
  edit("an element of another name", "arch.memory.bufer.size=4",
       {"memory.bufer.size: no element \"bufer\" (did you mean \"buffer\"?)"});
  table.push_back({"Reports",
                   "a folder that holds no sweep",
                   words("report . --html page.html"),
                   {},
                   {".: holds no sweep.db; expected the folder of a sweep's results"}});
  table.push_back({"Reports",
                   "a database of something else",
                   words("report other.db --html page.html"),
                   {{"other.db", std::string(2000, 'x')}},
                   {"other.db: file is not a database"}});
  table.push_back({"Reports",
                   "JSON of something else",
                   words("report other.json --html page.html"),
                   {{"other.json", "{\"traceEvents\": []}"}},
                   {"other.json", "expected the JSON file of a heddle run"}});
  return table;
}

}  // namespace heddle::end_to_end
