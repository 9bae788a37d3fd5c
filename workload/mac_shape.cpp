#include "workload/mac_shape.h"

namespace heddle::workload {

std::int64_t MacShape::macs() const {
  std::int64_t product = 1;
  for (Dim d : kDims) product *= size[d];
  return product;
}

std::int64_t MacShape::weight_count() const {
  return size[Dim::G] * size[Dim::M] * size[Dim::C] * size[Dim::R] * size[Dim::S];
}

std::int64_t MacShape::input_count() const {
  return size[Dim::N] * size[Dim::G] * size[Dim::C] * input_h * input_w;
}

std::int64_t MacShape::output_count() const {
  return size[Dim::N] * size[Dim::G] * size[Dim::M] * size[Dim::P] * size[Dim::Q];
}

std::int64_t MacShape::element_count(Operand operand) const {
  switch (operand) {
    case Operand::weights:
      return weight_count();
    case Operand::inputs:
      return input_count();
    case Operand::outputs:
      return output_count();
  }
  return 0;
}

}  // namespace heddle::workload
