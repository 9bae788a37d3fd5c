#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/timeloop.h"
#include "arch/timeloop_levels.h"

namespace heddle::arch {
namespace {

using workload::Dim;
using workload::kOperands;
using workload::Operand;

std::string projection(Operand operand, const std::vector<Dim>& dims) {
  std::vector<std::string> coordinates;
  for (Dim dim : dims) {
    const bool window = operand == Operand::inputs && (dim == Dim::R || dim == Dim::S);
    if (!workload::depends_on(operand, dim) || window) continue;
    if (operand == Operand::inputs && dim == Dim::P) {
      coordinates.emplace_back("[[R, Hdilation], [P, Hstride]]");
    } else if (operand == Operand::inputs && dim == Dim::Q) {
      coordinates.emplace_back("[[S, Wdilation], [Q, Wstride]]");
    } else {
      coordinates.push_back(fmt::format("[[{}]]", letter(dim)));
    }
  }
  return fmt::format("[{}]", fmt::join(coordinates, ", "));
}

}  // namespace

std::string to_timeloop_problem(const LayerProblem& problem) {
  const workload::MacShape& shape = problem.shape;
  const bool product = timeloop::is_product(shape);
  const std::vector<Dim> dims = timeloop::dimensions(shape);
  std::vector<std::string> names, bounds;
  for (Dim dim : dims) {
    names.push_back(std::string(1, letter(dim)));
    bounds.push_back(fmt::format("{}: {}", letter(dim), shape.size[dim]));
  }
  std::string text =
      fmt::format("# {}\nproblem:\n  version: 0.4\n  shape:\n    name: {}\n    dimensions: [{}]\n",
                  problem.name, product ? "matrix_product" : "convolution", fmt::join(names, ", "));
  if (!product) {
    text += "    coefficients:\n";
    for (const char* name : {"Hstride", "Wstride", "Hdilation", "Wdilation"})
      text += fmt::format("      - {{name: {}, default: 1}}\n", name);
  }
  text += "    data_spaces:\n";
  for (Operand operand : kOperands) {
    text += fmt::format("      - {{name: {}, projection: {}{}}}\n", timeloop::data_space(operand),
                        projection(operand, dims), operand == Operand::outputs ? ", read_write: true" : "");
  }
  text += fmt::format("  instance:\n    {}\n", fmt::join(bounds, "\n    "));
  if (!product) {
    text += fmt::format("    Hstride: {}\n    Wstride: {}\n    Hdilation: {}\n    Wdilation: {}\n",
                        shape.stride_h, shape.stride_w, shape.dilation_h, shape.dilation_w);
    text += fmt::format("    H: {}\n    W: {}\n    Hpad: {}\n    Wpad: {}\n", shape.input_h, shape.input_w,
                        shape.pad_top, shape.pad_left);
  }
  if (problem.sparsity) {
    text += fmt::format("    densities:\n      Weights: {{distribution: fixed_structured, density: {}}}\n",
                        static_cast<double>(problem.sparsity->n) / problem.sparsity->m);
  }
  return text;
}

}  // namespace heddle::arch
