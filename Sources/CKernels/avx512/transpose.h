/// Transposing 16x16 floats in registers.
#ifndef CKERNELS_AVX512_TRANSPOSE_H
#define CKERNELS_AVX512_TRANSPOSE_H

#include "math.h"

/// Four lanes of 128 bits, one from each fourth row.
SWL_AVX512_INLINE __m512 swl_gather_quarters(const float *const rows[], size_t column) {
    __m512 quarters = _mm512_castps128_ps512(_mm_loadu_ps(rows[0] + column));
    quarters = _mm512_insertf32x4(quarters, _mm_loadu_ps(rows[4] + column), 1);
    quarters = _mm512_insertf32x4(quarters, _mm_loadu_ps(rows[8] + column), 2);
    return _mm512_insertf32x4(quarters, _mm_loadu_ps(rows[12] + column), 3);
}

/// Transposes 16 columns of 16 rows, from `first` on; target rows are `target_stride` apart.
///
/// Loads put the 4x4 blocks where they belong, so that only the blocks themselves are left to transpose.
SWL_AVX512_INLINE void swl_transpose_16x16(const float *const rows[16], size_t first, float *target,
                                           size_t target_stride) {
    for (size_t column = 0; column < 16; column += 4) {
        __m512 row[4];
#pragma clang loop unroll(full)
        for (size_t i = 0; i < 4; i++) row[i] = swl_gather_quarters(rows + i, first + column);
        __m512 low01 = _mm512_unpacklo_ps(row[0], row[1]), high01 = _mm512_unpackhi_ps(row[0], row[1]);
        __m512 low23 = _mm512_unpacklo_ps(row[2], row[3]), high23 = _mm512_unpackhi_ps(row[2], row[3]);
        float *to = target + column * target_stride;
        _mm512_storeu_ps(to, _mm512_shuffle_ps(low01, low23, 0x44));
        _mm512_storeu_ps(to + target_stride, _mm512_shuffle_ps(low01, low23, 0xEE));
        _mm512_storeu_ps(to + 2 * target_stride, _mm512_shuffle_ps(high01, high23, 0x44));
        _mm512_storeu_ps(to + 3 * target_stride, _mm512_shuffle_ps(high01, high23, 0xEE));
    }
}

#endif
