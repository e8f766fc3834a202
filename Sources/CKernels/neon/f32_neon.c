#include "../internal.h"

#if SWL_ARM64

// All functions that are compiled for NEON with tiles of 6 rows: 24 of the 32 registers hold sums, 6 hold
// activations and 2 hold weights. Products with other tiles or features have files of their own.
#include "lanes.h"

#include "../lanes/gemm.h"

/// Computes one step. Each row's value of A is a lane of `values`, which the multiply-add instruction takes as an
/// operand.
SWL_INLINE void accumulate_lane(const floats values[tile_rows], size_t lane, const float *b, size_t rows, tile_sums v) {
    SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) {
        floats w = load_floats(b + j * lane_count);
        SWL_UNROLL for (size_t r = 0; r < rows; r++) v[r][j] = multiply_add(values[r][lane], w, v[r][j]);
    }
}

/// Adds lane_count steps' products of some rows of A and a panel of B to the sums, in order.
SWL_INLINE void accumulate_lanes(const float *a, size_t stride, const float *b, size_t rows, tile_sums v) {
    floats values[tile_rows];
    SWL_UNROLL for (size_t r = 0; r < rows; r++) values[r] = load_floats(a + r * stride);
    SWL_UNROLL for (size_t lane = 0; lane < lane_count; lane++) {
        accumulate_lane(values, lane, b + lane * SWL_VECTOR, rows, v);
    }
}

/// Adds `inner` steps' products to the sums, in order.
SWL_INLINE void accumulate(const float *a, size_t stride, const float *b, size_t inner, size_t rows, tile_sums v) {
    size_t k = 0;
    for (; k + lane_count <= inner; k += lane_count) accumulate_lanes(a + k, stride, b + k * SWL_VECTOR, rows, v);
    for (; k < inner; k++) {
        floats values[tile_rows];
        SWL_UNROLL for (size_t r = 0; r < rows; r++) values[r] = a[r * stride + k];
        accumulate_lane(values, 0, b + k * SWL_VECTOR, rows, v);
    }
}

/// As `accumulate` for block_steps steps.
SWL_INLINE void accumulate_block(const float *a, size_t stride, const float *b, size_t rows, tile_sums v) {
    SWL_UNROLL for (size_t k = 0; k < block_steps; k += lane_count) {
        accumulate_lanes(a + k, stride, b + k * SWL_VECTOR, rows, v);
    }
}

#include "../lanes/f32.h"
#include "../lanes/narrow.h"
#include "../lanes/rows.h"

SWL_DEFINE_GEMM(swl_gemm_f32_neon, 1)
SWL_DEFINE_ATTENTION(neon)
SWL_DEFINE_NARROW(neon)
SWL_DEFINE_ROWS(neon)

#endif
