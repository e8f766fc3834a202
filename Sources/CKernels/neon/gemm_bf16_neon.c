#include "../internal.h"

#if SWL_ARM64

#define SWL_TILE_ROWS 4
#include "lanes.h"

#include "../lanes/gemm.h"

/// The most rows whose products widen weights in registers.
enum { widening_rows = 24 };

/// Computes two steps. Each row's values of A are two lanes of `values`, which the multiply-add instruction takes as
/// operands.
SWL_INLINE void accumulate_pair(const floats values[tile_rows], size_t lane, const uint16_t *b, size_t rows,
                                tile_sums v) {
    SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) {
        words pairs = load_words(b + 2 * j * lane_count);
        SWL_UNROLL
        for (size_t r = 0; r < rows; r++) v[r][j] = multiply_add(values[r][lane], even_inputs(pairs), v[r][j]);
        SWL_UNROLL
        for (size_t r = 0; r < rows; r++) v[r][j] = multiply_add(values[r][lane + 1], odd_inputs(pairs), v[r][j]);
    }
}

/// Adds the products of an even input to the sums.
SWL_INLINE void accumulate_even(const float *a, size_t stride, const uint16_t *b, size_t rows, tile_sums v) {
    SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) {
        floats w = even_inputs(load_words(b + 2 * j * lane_count));
        SWL_UNROLL for (size_t r = 0; r < rows; r++) v[r][j] = multiply_add((floats)a[r * stride], w, v[r][j]);
    }
}

/// Adds the products of `inner` inputs, an even number, to the sums, in order. With 4 rows, 16 of the 32
/// registers hold sums, 4 hold activations and the rest hold weights.
SWL_INLINE void accumulate_pairs(const float *a, size_t stride, const uint16_t *b, size_t inner, size_t rows,
                                 tile_sums v) {
    floats values[tile_rows];
    size_t k = 0;
    for (; k + lane_count <= inner; k += lane_count, b += lane_count * SWL_VECTOR) {
        SWL_UNROLL for (size_t r = 0; r < rows; r++) values[r] = load_floats(a + r * stride + k);
        accumulate_pair(values, 0, b, rows, v);
        accumulate_pair(values, 2, b + 2 * SWL_VECTOR, rows, v);
    }
    for (; k < inner; k += 2, b += 2 * SWL_VECTOR) {
        SWL_UNROLL for (size_t r = 0; r < rows; r++) values[r] = load_up_to(2, a + r * stride + k);
        accumulate_pair(values, 0, b, rows, v);
    }
}

#include "../lanes/widen.h"

SWL_DEFINE_WIDENING_GEMM(neon)

#endif
