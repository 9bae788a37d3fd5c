// One layer of a network: its operation, its attributes, its parameters.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "workload/tensor.h"

namespace heddle::workload {

/// Activation functions. `clip` is Relu6-like with its own bounds.
enum class Activation : std::uint8_t {
  none,
  relu,
  relu6,
  hard_swish,
  hard_sigmoid,
  sigmoid,
  tanh,
  gelu,
  silu
};
std::string_view name(Activation activation);
std::optional<Activation> activation_of(std::string_view name);
float apply(Activation activation, float x);

/// A sliding window over input rows and columns.
struct Window {
  std::array<std::int64_t, 2> kernel = {1, 1};  ///< rows, columns
  std::array<std::int64_t, 2> stride = {1, 1};
  std::array<std::int64_t, 2> dilation = {1, 1};
  std::array<std::int64_t, 4> padding = {0, 0, 0, 0};  ///< top, left, bottom, right
  bool ceil_mode = false;                              ///< output size rounded up (pooling)

  /// Output rows (axis 0) or columns (axis 1) for so many input rows or columns; below 1 when the window does
  /// not fit.
  std::int64_t output_size(int axis, std::int64_t input_size) const;
};

// Attributes, one struct an operation. Shapes are NCHW; "rows" means all leading dimensions together.
struct Convolution {
  Window window = {};
  std::int64_t out_channels = 1;
  std::int64_t groups = 1;
};  // weights [M, C/groups, R, S]
struct Linear {
  std::int64_t out_features = 1;
};  // over the last dimension; weights [out, in]
struct MatMul {
  bool transpose_b = false;
};  // [.., n, c] x [.., c, m], both operands dynamic; leading dimensions of B may be 1 or fewer (broadcast)
struct Pool {
  enum class Kind : std::uint8_t { max, average };
  Kind kind = Kind::max;
  Window window = {};
  bool count_padding = false;
};
struct GlobalAveragePool {};  // [n, c, h, w] to [n, c, 1, 1]
struct Add {};                // elementwise, numpy broadcasting of the second operand
struct Multiply {};           // the same
struct Concat {
  int axis = 1;
};
struct Activate {};  // Layer::activation says which
struct Softmax {
  int axis = -1;
};
struct LayerNorm {
  double epsilon = 1e-5;
  bool subtract_mean = true;
};                    // over the last dimension; parameters weights, bias; without mean: RMS norm
struct BatchNorm {};  // per channel scale and shift: y = weights[c] * x + bias[c]
struct LocalResponseNorm {
  std::int64_t size = 5;
  double alpha = 1e-4, beta = 0.75, bias = 1.0;
};
struct Embedding {
  std::int64_t rows = 1;
  std::int64_t columns = 1;
};                 // look-up; input: indices; weights [rows, columns]
struct Rotary {};  // rotary position embedding over the last dimension
struct Reshape {
  Shape shape;
};  // final shape; flatten is one of these
struct Transpose {
  std::vector<int> permutation;
};
struct Slice {
  int axis = 0;
  std::int64_t begin = 0, end = 0;
};  // one contiguous range along one axis

using Operation = std::variant<Convolution, Linear, MatMul, Pool, GlobalAveragePool, Add, Multiply, Concat,
                               Activate, Softmax, LayerNorm, BatchNorm, LocalResponseNorm, Embedding, Rotary,
                               Reshape, Transpose, Slice>;
/// "conv", "linear", "matmul", "max_pool", ... as network files and reports name it.
std::string_view name(const Operation& operation);

/// A parameter tensor. Without values it is a shape, and a synthetic tensor is drawn when it is needed.
struct Parameter {
  Shape shape = {};
  std::shared_ptr<const std::vector<float>> values = {};  ///< null: shape only
  bool counted = true;       ///< false for one tied to (shared with) another layer's
  std::string tied_to = {};  ///< that layer's name: synthetic values are drawn as its own
};

/// Of synthetic values.
enum class Distribution : std::uint8_t { normal, uniform };

/// Keep n of every m weights along the input channels (C), for every (output channel, kernel row, kernel
/// column).
struct StructuredSparsity {
  int n = 1, m = 1;
  friend bool operator==(const StructuredSparsity&, const StructuredSparsity&) = default;
};

struct Density {
  std::optional<double> weights = {};  ///< share of non-zero weights, in [0, 1]
  std::optional<StructuredSparsity> structured =
      {};  ///< n of every m weights non-zero; then `weights` is not read
  std::optional<double> activations =
      {};  ///< share of non-zero elements in the layer's first input, when that is synthetic
};

using TensorId = int;

struct Layer {
  std::string name = {};
  Operation operation = {};
  Activation activation =
      Activation::none;  ///< applied to the result; for Activate it is the operation itself
  std::optional<Parameter> weights = {};
  std::optional<Parameter> bias = {};
  std::optional<Parameter> extra = {};  ///< parameters that only count (e.g. a third embedding)
  Density density = {};
  Distribution distribution = Distribution::normal;  ///< of synthetic weights
  std::vector<TensorId> inputs = {};
  TensorId output = -1;
};

}  // namespace heddle::workload
