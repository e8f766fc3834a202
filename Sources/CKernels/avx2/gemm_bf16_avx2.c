#include "../internal.h"

#if SWL_X86

#include "lanes.h"

#include "../lanes/gemm.h"

/// The most rows whose products widen weights in registers.
enum { widening_rows = 48 };

/// Computes one step.
SWL_INLINE void accumulate_step(const float *a, size_t stride, const floats w[panel_vectors], size_t rows,
                                tile_sums v) {
    SWL_UNROLL for (size_t r = 0; r < rows; r++) {
        floats value = a[r * stride];
        SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) v[r][j] = multiply_add(value, w[j], v[r][j]);
    }
}

/// Adds the products of an even input to the sums.
SWL_INLINE void accumulate_even(const float *a, size_t stride, const uint16_t *b, size_t rows, tile_sums v) {
    floats w[panel_vectors];
    SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) w[j] = even_inputs(load_words(b + 2 * j * lane_count));
    accumulate_step(a, stride, w, rows, v);
}

/// Adds the products of `inner` inputs, an even number, to the sums, in order. With 6 rows, 12 of the 16
/// registers hold sums, 2 hold the weights of one step and 1 holds an activation.
SWL_INLINE void accumulate_pairs(const float *a, size_t stride, const uint16_t *b, size_t inner, size_t rows,
                                 tile_sums v) {
    for (size_t k = 0; k < inner; k += 2, b += 2 * SWL_VECTOR) {
        accumulate_even(a + k, stride, b, rows, v);
        // Makes the compiler load the weights again, because no register is left to keep them.
        __asm__("" : "+r"(b));
        floats w[panel_vectors];
        SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) w[j] = odd_inputs(load_words(b + 2 * j * lane_count));
        accumulate_step(a + k + 1, stride, w, rows, v);
    }
}

#include "../lanes/widen.h"

SWL_DEFINE_WIDENING_GEMM(avx2)

#endif
