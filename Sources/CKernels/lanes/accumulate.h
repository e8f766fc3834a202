/// The inner loop of products of floats over a panel of SWL_VECTOR columns.
#ifndef CKERNELS_LANES_ACCUMULATE_H
#define CKERNELS_LANES_ACCUMULATE_H

#include "gemm.h"

/// Adds `inner` steps' products of some rows of A and a panel of B to the sums, in order.
SWL_INLINE void accumulate(const float *a, size_t stride, const float *b, size_t inner, size_t rows, tile_sums v) {
    for (size_t k = 0; k < inner; k++, b += SWL_VECTOR) {
        floats w[panel_vectors];
        for (size_t j = 0; j < panel_vectors; j++) w[j] = load_floats(b + j * lane_count);
        for (size_t r = 0; r < rows; r++) {
            floats value = a[r * stride + k];
            for (size_t j = 0; j < panel_vectors; j++) v[r][j] = multiply_add(value, w[j], v[r][j]);
        }
    }
}

#endif
