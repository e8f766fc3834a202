/// The first and the last step of each product of bytes: the initial values of the sums, and their conversion to
/// floats.
#ifndef CKERNELS_LANES_GEMM_INT8_H
#define CKERNELS_LANES_GEMM_INT8_H

#include "gemm.h"

typedef integers tile_totals[tile_rows][panel_vectors];

/// Starts each sum with the negative of the amount that A's zero point adds to it. They are integers, so the order of
/// summation does not matter.
SWL_INLINE void start_totals(const swl_gemm *p, int32_t zero_point, size_t column, size_t rows, tile_totals totals) {
    SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) {
        integers start = (integers)load_words(p->weight_sum + column + j * lane_count) * -zero_point;
        SWL_UNROLL for (size_t r = 0; r < rows; r++) totals[r][j] = start;
    }
}

SWL_INLINE void finish_totals(const swl_gemm *p, size_t row, size_t column, size_t rows, tile_totals totals) {
    tile_sums v;
    SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) {
        floats scale = load_floats(p->weight_scale + column + j * lane_count), bias = 0;
        if (p->bias) bias = load_floats(p->bias + column + j * lane_count);
        SWL_UNROLL for (size_t r = 0; r < rows; r++) {
            floats total = __builtin_convertvector(totals[r][j], floats) * scale;
            v[r][j] = multiply_add(total, p->a_scale[row + r], bias);
        }
    }
    finish_tile(p, row, column, rows, v);
}

#endif
