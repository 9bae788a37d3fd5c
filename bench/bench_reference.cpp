// How fast is the untimed reference? Items are multiply-accumulates (or output elements of a vector
// operation).
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "workload/compress/quantize.h"
#include "workload/reference/integer_reference.h"
#include "workload/synthetic.h"

using namespace heddle::workload;

namespace {

struct Prepared {
  Network network{"bench"};
  QuantizedLayer layer;
  std::vector<IntTensor> inputs;

  Prepared(const Operation& operation, const std::vector<Shape>& shapes, int bits) {
    Layer added;
    added.name = "layer";
    added.operation = operation;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      added.inputs.push_back(network.add_input("x" + std::to_string(i), shapes[i]));
    }
    network.add_layer(added);
    Recipe recipe;
    recipe.defaults = {bits, bits, {}};
    const ParameterSource parameters = parameter_source(network, 1);
    const auto values = synthetic_inputs(network, 1);
    const QuantizedNetwork quantized =
        quantize_network(network, calibrate(network, {values}, parameters), recipe, parameters);
    layer = quantized.layers[0];
    for (const auto& [id, tensor] : values) inputs.push_back(quantize(tensor, layer.inputs[inputs.size()]));
  }

  void run(benchmark::State& state, std::int64_t items) const {
    std::vector<const IntTensor*> pointers;
    for (const IntTensor& tensor : inputs) pointers.push_back(&tensor);
    for (auto _ : state) benchmark::DoNotOptimize(reference_layer(network, 0, layer, pointers));
    state.SetItemsProcessed(state.iterations() * items);
  }
};

void convolution(benchmark::State& state, std::int64_t c, std::int64_t m, std::int64_t size,
                 std::int64_t kernel, std::int64_t groups, int bits) {
  const std::int64_t pad = kernel / 2;
  const Convolution conv{{{kernel, kernel}, {1, 1}, {1, 1}, {pad, pad, pad, pad}, false}, m, groups};
  const Prepared prepared(conv, {{1, c, size, size}}, bits);
  prepared.run(state, prepared.network.macs());
}

void linear(benchmark::State& state, std::int64_t rows, std::int64_t c, std::int64_t m) {
  const Prepared prepared(Linear{m}, {{rows, c}}, 8);
  prepared.run(state, prepared.network.macs());
}

void vector_operation(benchmark::State& state, const Operation& operation, const std::vector<Shape>& shapes) {
  const Prepared prepared(operation, shapes, 8);
  prepared.run(state, element_count(prepared.network.shape(prepared.network.outputs()[0])));
}

}  // namespace

BENCHMARK_CAPTURE(convolution, resnet_1x1_256_64_56, 256, 64, 56, 1, 1, 8);
BENCHMARK_CAPTURE(convolution, resnet_3x3_64_64_56, 64, 64, 56, 3, 1, 8);
BENCHMARK_CAPTURE(convolution, resnet_3x3_512_512_7, 512, 512, 7, 3, 1, 8);
BENCHMARK_CAPTURE(convolution, stem_7x7_3_64_112, 3, 64, 112, 7, 1, 8);
BENCHMARK_CAPTURE(convolution, depthwise_3x3_144_56, 144, 144, 56, 3, 144, 8);
BENCHMARK_CAPTURE(convolution, sixteen_bits_3x3_64_64_56, 64, 64, 56, 3, 1, 16);
BENCHMARK_CAPTURE(linear, vector_4096_4096, 1, 4096, 4096);
BENCHMARK_CAPTURE(linear, rows_128_768_3072, 128, 768, 3072);
BENCHMARK_CAPTURE(vector_operation, add_256x56x56, Add{}, {{1, 256, 56, 56}, {1, 256, 56, 56}});
BENCHMARK_CAPTURE(vector_operation, max_pool_64x112x112,
                  Pool{Pool::Kind::max, {{3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, false}, false},
                  {{1, 64, 112, 112}});
BENCHMARK_CAPTURE(vector_operation, softmax_1536x128, Softmax{-1}, {{12, 128, 128}});
BENCHMARK_CAPTURE(vector_operation, layer_norm_128x768, LayerNorm{}, {{128, 768}});
