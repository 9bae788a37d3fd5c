#include "workload/readers/onnx_operators.h"

namespace heddle::workload::onnx_import {

const Handlers& handlers() {
  static const Handlers table = [] {
    Handlers all;
    add_window_operators(all);
    add_linear_operators(all);
    add_arithmetic_operators(all);
    add_activation_operators(all);
    add_layout_operators(all);
    return all;
  }();
  return table;
}

}  // namespace heddle::workload::onnx_import
