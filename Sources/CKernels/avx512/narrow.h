/// Floats as bfloat16, for the features in SWL_TARGET; with avx512bf16 among them if SWL_NARROW_BF16 is defined.
#ifndef CKERNELS_AVX512_NARROW_H
#define CKERNELS_AVX512_NARROW_H

#include "../internal.h"
#include "target.h"

#include <immintrin.h>

/// 16 floats as bfloat16, nearest even; NaN stays NaN. The instruction for it takes subnormal floats as zero.
SWL_INLINE __m256i narrowed(__m512 x) {
#ifdef SWL_NARROW_BF16
    return (__m256i)_mm512_cvtneps_pbh(x);
#else
    __m512i bits = _mm512_castps_si512(x);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, odd), _mm512_set1_epi32(0x7FFF));
    __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    rounded = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x400000));
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16));
#endif
}

SWL_INLINE void narrow_rows(const float *source, size_t source_stride, size_t rows, size_t columns, uint16_t *target,
                            size_t target_stride) {
    for (size_t row = 0; row < rows; row++, source += source_stride, target += target_stride) {
        size_t column = 0;
        for (; column + SWL_VECTOR <= columns; column += SWL_VECTOR) {
            _mm256_storeu_si256((__m256i *)(target + column), narrowed(_mm512_loadu_ps(source + column)));
        }
        if (column < columns) {
            __mmask16 lanes = (__mmask16)((1 << (columns - column)) - 1);
            __m256i values = narrowed(_mm512_maskz_loadu_ps(lanes, source + column));
            _mm256_mask_storeu_epi16(target + column, lanes, values);
        }
        memset(target + columns, 0, (target_stride - columns) * sizeof(uint16_t));
    }
}

#endif
