#include "../internal.h"

#if SWL_ARM64

// All functions that are compiled for NEON with tiles of 6 rows: 24 of the 32 registers hold sums, 6 hold
// activations and 2 hold weights. Products with other tiles or features have files of their own.
#include "lanes.h"

#include "../lanes/gemm.h"

/// Computes one step. Each row's value of A is a lane of `values`, which the multiply-add instruction takes as an
/// operand.
SWL_INLINE void accumulate_lane(const floats values[tile_rows], size_t lane, const float *b, size_t rows, tile_sums v) {
    for (size_t j = 0; j < panel_vectors; j++) {
        floats w = load_floats(b + j * lane_count);
        for (size_t r = 0; r < rows; r++) v[r][j] = multiply_add(values[r][lane], w, v[r][j]);
    }
}

/// Adds `inner` steps' products of some rows of A and a panel of B to the sums, in order.
SWL_INLINE void accumulate(const float *a, size_t stride, const float *b, size_t inner, size_t rows, tile_sums v) {
    floats values[tile_rows];
    size_t k = 0;
    for (; k + lane_count <= inner; k += lane_count, b += lane_count * SWL_VECTOR) {
        for (size_t r = 0; r < rows; r++) values[r] = load_floats(a + r * stride + k);
#pragma clang loop unroll(full)
        for (size_t lane = 0; lane < lane_count; lane++) accumulate_lane(values, lane, b + lane * SWL_VECTOR, rows, v);
    }
    for (; k < inner; k++, b += SWL_VECTOR) {
        for (size_t r = 0; r < rows; r++) values[r] = a[r * stride + k];
        accumulate_lane(values, 0, b, rows, v);
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
