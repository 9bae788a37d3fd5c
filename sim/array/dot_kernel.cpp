#include "sim/array/dot_kernel.h"

// One body, compiled for three instruction sets, chosen once. (GCC's target_clones would do this by itself,
// but its resolvers run before the address sanitizer is ready.)
namespace heddle::sim {
namespace {

template <class Accumulator, std::int64_t kBlock>
[[gnu::always_inline]] inline void block_body(std::int64_t lanes, std::int64_t columns,
                                              const std::int32_t* weights, const std::uint16_t* select,
                                              const std::int32_t* inputs, Accumulator* accumulators) {
  Accumulator sum[kBlock];
  for (std::int64_t k = 0; k < kBlock; ++k) sum[k] = accumulators[k];
  for (std::int64_t lane = 0; lane < lanes; ++lane) {
    const Accumulator weight = weights[lane];
    const std::int32_t* input = inputs + (select == nullptr ? lane : select[lane]) * columns;
    for (std::int64_t k = 0; k < kBlock; ++k) sum[k] += weight * input[k];
  }
  for (std::int64_t k = 0; k < kBlock; ++k) accumulators[k] = sum[k];
}

template <class Accumulator>
[[gnu::always_inline]] inline void step_body(std::int64_t rows, std::int64_t lanes, std::int64_t columns,
                                             const std::int32_t* weights, const std::uint16_t* select,
                                             const std::int32_t* inputs, Accumulator* accumulators) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int32_t* row_weights = weights + row * lanes;
    const std::uint16_t* row_select = select == nullptr ? nullptr : select + row * lanes;
    Accumulator* row_sums = accumulators + row * columns;
    std::int64_t k = 0;
    for (; k + 2 * kColumnBlock <= columns; k += 2 * kColumnBlock) {
      block_body<Accumulator, 2 * kColumnBlock>(lanes, columns, row_weights, row_select, inputs + k,
                                                row_sums + k);
    }
    for (; k < columns; k += kColumnBlock) {
      block_body<Accumulator, kColumnBlock>(lanes, columns, row_weights, row_select, inputs + k,
                                            row_sums + k);
    }
  }
}

#define HEDDLE_STEP(name, accumulator, attribute)                                                           \
  attribute void name(std::int64_t rows, std::int64_t lanes, std::int64_t columns,                          \
                      const std::int32_t* weights, const std::uint16_t* select, const std::int32_t* inputs, \
                      accumulator* accumulators) {                                                          \
    step_body(rows, lanes, columns, weights, select, inputs, accumulators);                                 \
  }

HEDDLE_STEP(step32_any, std::int32_t, )
HEDDLE_STEP(step64_any, std::int64_t, )
#if defined(__x86_64__)
HEDDLE_STEP(step32_avx2, std::int32_t, [[gnu::target("avx2")]])
HEDDLE_STEP(step64_avx2, std::int64_t, [[gnu::target("avx2")]])
HEDDLE_STEP(step32_avx512, std::int32_t, [[gnu::target("avx512f,avx512dq,prefer-vector-width=512")]])
HEDDLE_STEP(step64_avx512, std::int64_t, [[gnu::target("avx512f,avx512dq,prefer-vector-width=512")]])
#endif
#undef HEDDLE_STEP

template <class Function>
Function choose(Function any, Function avx2, Function avx512) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return avx512;
  if (__builtin_cpu_supports("avx2")) return avx2;
#else
  (void)avx2, (void)avx512;
#endif
  return any;
}

}  // namespace

#if !defined(__x86_64__)
#define step32_avx2 step32_any
#define step64_avx2 step64_any
#define step32_avx512 step32_any
#define step64_avx512 step64_any
#endif

void dot_step(std::int64_t rows, std::int64_t lanes, std::int64_t columns, const std::int32_t* weights,
              const std::uint16_t* select, const std::int32_t* inputs, std::int32_t* accumulators) {
  static const auto function = choose(&step32_any, &step32_avx2, &step32_avx512);
  function(rows, lanes, columns, weights, select, inputs, accumulators);
}

void dot_step(std::int64_t rows, std::int64_t lanes, std::int64_t columns, const std::int32_t* weights,
              const std::uint16_t* select, const std::int32_t* inputs, std::int64_t* accumulators) {
  static const auto function = choose(&step64_any, &step64_avx2, &step64_avx512);
  function(rows, lanes, columns, weights, select, inputs, accumulators);
}

}  // namespace heddle::sim
