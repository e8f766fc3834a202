/// The first and the last step of each product of bytes: the initial values of the sums, and their conversion to
/// floats.
#ifndef CKERNELS_AVX512_GEMM_INT8_H
#define CKERNELS_AVX512_GEMM_INT8_H

#include "gemm.h"

/// Starts each sum with the negative of the amount that A's zero point adds to it. They are integers, so the order of
/// summation does not matter.
SWL_INLINE void start_totals(const swl_gemm *p, size_t column, size_t rows, size_t vectors,
                             __m512i total[tile_rows][tile_vectors]) {
    SWL_UNROLL for (size_t j = 0; j < vectors; j++) {
        __m512i sum = _mm512_loadu_si512(p->weight_sum + column + j * SWL_VECTOR);
        __m512i start = _mm512_mullo_epi32(sum, _mm512_set1_epi32(-p->a_zero_point));
        SWL_UNROLL for (size_t r = 0; r < rows; r++) total[r][j] = start;
    }
}

SWL_INLINE void finish_totals(const swl_gemm *p, size_t row, size_t column, size_t rows, size_t vectors,
                              __m512i total[tile_rows][tile_vectors]) {
    static const float no_bias[panel_columns];
    const float *bias = p->bias ? p->bias + column : no_bias;
    __m512 v[tile_rows][tile_vectors];
    SWL_UNROLL for (size_t r = 0; r < rows; r++) {
        __m512 a_scale = _mm512_set1_ps(p->a_scale[row + r]);
        SWL_UNROLL for (size_t j = 0; j < vectors; j++) {
            v[r][j] = _mm512_mul_ps(_mm512_cvtepi32_ps(total[r][j]), a_scale);
            __m512 scale = _mm512_loadu_ps(p->weight_scale + column + j * SWL_VECTOR);
            v[r][j] = _mm512_fmadd_ps(v[r][j], scale, _mm512_loadu_ps(bias + j * SWL_VECTOR));
        }
    }
    finish_tile(p, row, column, rows, vectors, v);
}

#endif
