#include "../internal.h"

#if SWL_X86

// All functions that are compiled for AVX2 and FMA with tiles of 6 rows: 12 of the 16 registers hold sums, 2 hold
// weights and 1 holds an activation. Products with other tiles or features have files of their own.
#include "lanes.h"

#include "../lanes/gemm.h"

/// Adds one step's products of some rows of A and a panel of B to the sums.
SWL_INLINE void accumulate_step(const float *a, size_t stride, const float *b, size_t rows, tile_sums v) {
    floats w[panel_vectors];
    SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) w[j] = load_floats(b + j * lane_count);
    SWL_UNROLL for (size_t r = 0; r < rows; r++) {
        floats value = a[r * stride];
        SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) v[r][j] = multiply_add(value, w[j], v[r][j]);
    }
}

/// Adds `inner` steps' products to the sums, in order.
SWL_INLINE void accumulate(const float *a, size_t stride, const float *b, size_t inner, size_t rows, tile_sums v) {
    for (size_t k = 0; k < inner; k++) accumulate_step(a + k, stride, b + k * SWL_VECTOR, rows, v);
}

/// As `accumulate` for block_steps steps.
SWL_INLINE void accumulate_block(const float *a, size_t stride, const float *b, size_t rows, tile_sums v) {
    SWL_UNROLL for (size_t k = 0; k < block_steps; k++) accumulate_step(a + k, stride, b + k * SWL_VECTOR, rows, v);
}

#include "../lanes/f32.h"
#include "../lanes/narrow.h"
#include "../lanes/rows.h"

SWL_DEFINE_GEMM(swl_gemm_f32_avx2, 1)
SWL_DEFINE_ATTENTION(avx2)
SWL_DEFINE_NARROW(avx2)
SWL_DEFINE_ROWS(avx2)

#endif
