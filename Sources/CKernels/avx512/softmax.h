/// Softmax's exponentials over a few rows at a time, so that their latencies overlap and their horizontal reductions
/// share shuffles. A row's result doesn't depend on the rows beside it.
#ifndef CKERNELS_AVX512_SOFTMAX_H
#define CKERNELS_AVX512_SOFTMAX_H

#include "math.h"

/// Combines each of four vectors' lanes to one value: lane i of every quarter is vector i's.
#define SWL_REDUCE_4(name, operation)                                                                                 \
    SWL_AVX512_INLINE __m512 name(const __m512 x[4]) {                                                                \
        __m512 x01 = operation(_mm512_unpacklo_ps(x[0], x[1]), _mm512_unpackhi_ps(x[0], x[1]));                       \
        __m512 x23 = operation(_mm512_unpacklo_ps(x[2], x[3]), _mm512_unpackhi_ps(x[2], x[3]));                       \
        __m512 all = operation(_mm512_shuffle_ps(x01, x23, 0x44), _mm512_shuffle_ps(x01, x23, 0xEE));                 \
        all = operation(all, _mm512_shuffle_f32x4(all, all, 0x4E));                                                   \
        return operation(all, _mm512_shuffle_f32x4(all, all, 0xB1));                                                  \
    }
SWL_REDUCE_4(swl_maxima_of_4, _mm512_max_ps)
SWL_REDUCE_4(swl_sums_of_4, _mm512_add_ps)

/// Lane i of every quarter, in all lanes; `i` is a constant at each call.
SWL_AVX512_INLINE __m512 swl_spread(__m512 x, size_t i) {
    switch (i) {
    case 0: return _mm512_permute_ps(x, 0x00);
    case 1: return _mm512_permute_ps(x, 0x55);
    case 2: return _mm512_permute_ps(x, 0xAA);
    default: return _mm512_permute_ps(x, 0xFF);
    }
}

/// The factor from natural logarithms to those to base 2.
#define SWL_LOG2_E 1.44269504f

/// The exponent to base 2 of e^(score - maximum), where scores times `factor` are logarithms to base 2. `normal` has
/// the lanes whose power is not subnormal; the others are to be 0, because making subnormal numbers, and multiplying by
/// them, costs an Intel CPU more than a hundred cycles.
SWL_AVX512_INLINE __m512 swl_exponent_below(__m512 score, __m512 maximum, __m512 factor, __mmask16 *normal) {
    __m512 exponent = _mm512_mul_ps(_mm512_sub_ps(score, maximum), factor);
    // The comparison is "not less", so that NaN stays NaN.
    *normal = _mm512_cmp_ps_mask(exponent, _mm512_set1_ps(-126.0f), _CMP_NLT_UQ);
    return exponent;
}

/// e^(score - maximum).
SWL_AVX512_INLINE __m512 swl_exp_below(__m512 score, __m512 maximum) {
    __mmask16 normal;
    __m512 exponent = swl_exponent_below(score, maximum, _mm512_set1_ps(SWL_LOG2_E), &normal);
    return swl_exp2_lanes_avx512(normal, exponent);
}

/// The largest score of each row, as lane i of every quarter for row i. A NaN is ignored here unless all scores are
/// NaN, but it makes the sum NaN. So does an infinite maximum, because infinity - infinity is NaN.
SWL_AVX512_INLINE __m512 swl_row_maxima(const float *scores, size_t stride, size_t rows, size_t length) {
    size_t whole = (length - 1) / 16 * 16;
    __mmask16 last = swl_last_lanes(length);
    __m512 largest[4];
    for (size_t i = 0; i < 4; i++) {
        const float *row = scores + (i < rows ? i : 0) * stride;
        largest[i] = _mm512_mask_load_ps(_mm512_set1_ps(-__builtin_inff()), last, row + whole);
    }
    for (size_t j = 0; j < whole; j += 16) {
        SWL_UNROLL for (size_t i = 0; i < rows; i++) {
            largest[i] = _mm512_max_ps(_mm512_load_ps(scores + i * stride + j), largest[i]);
        }
    }
    return swl_maxima_of_4(largest);
}

/// 1 / the sum of each vector's lanes.
SWL_AVX512_INLINE void swl_store_factors(float *scale, size_t rows, const __m512 sum[4]) {
    __m128 sums = _mm512_castps512_ps128(swl_sums_of_4(sum));
    _mm_mask_storeu_ps(scale, (__mmask8)(0xF >> (4 - rows)), _mm_div_ps(_mm_set1_ps(1.0f), sums));
}

/// Defines `softmax` for any number of rows from `softmax_group`, which takes up to four rows and is always inlined
/// with a constant number of rows.
#define SWL_DEFINE_SOFTMAX                                                                                            \
    static SWL_FUNCTION void softmax(float *scores, size_t stride, size_t rows, size_t length, float *scale) {        \
        for (; rows >= 4; rows -= 4, scores += 4 * stride, scale += 4) {                                              \
            softmax_group(scores, stride, 4, length, scale);                                                          \
        }                                                                                                             \
        switch (rows) {                                                                                               \
        case 3: softmax_group(scores, stride, 3, length, scale); break;                                               \
        case 2: softmax_group(scores, stride, 2, length, scale); break;                                               \
        case 1: softmax_group(scores, stride, 1, length, scale); break;                                               \
        default: break;                                                                                               \
        }                                                                                                             \
    }

#endif
