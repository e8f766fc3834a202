#include "../internal.h"

#if SWL_X86

#include <immintrin.h>
#include <math.h>

#define SWL_FUNCTION __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define SWL_INLINE static inline __attribute__((always_inline)) SWL_FUNCTION

/// The lanes of one vector that lie before `count`, of `lanes` of them.
static inline uint64_t lanes_before(size_t count, size_t lanes) {
    return count >= lanes ? ~(uint64_t)0 >> (64 - lanes) : ((uint64_t)1 << count) - 1;
}

SWL_INLINE __m512 load_before(const float *row, size_t column, size_t columns) {
    size_t left = column < columns ? columns - column : 0;
    return _mm512_maskz_loadu_ps((__mmask16)lanes_before(left, 16), row + column);
}

SWL_INLINE __m512i magnitude(__m512 x) {
    return _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(0x7FFFFFFF));
}

/// The bits of the largest magnitude. As integers, so that NaN is the largest of all.
SWL_INLINE uint32_t largest_magnitude(const float *row, size_t columns) {
    __m512i largest[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                          _mm512_setzero_si512()};
    size_t column = 0;
    for (; column + 64 <= columns; column += 64) {
        for (size_t i = 0; i < 4; i++) {
            largest[i] = _mm512_max_epu32(largest[i], magnitude(_mm512_loadu_ps(row + column + 16 * i)));
        }
    }
    for (; column < columns; column += 16) {
        largest[0] = _mm512_max_epu32(largest[0], magnitude(load_before(row, column, columns)));
    }
    largest[0] = _mm512_max_epu32(largest[0], largest[1]);
    largest[2] = _mm512_max_epu32(largest[2], largest[3]);
    return _mm512_reduce_max_epu32(_mm512_max_epu32(largest[0], largest[2]));
}

/// 64 values as bytes. Packing takes 16 bytes from each lane of its operands in turn, which `in_order` undoes.
SWL_INLINE __m512i quantized(const __m512 x[4], __m512 factor, __m512i zero_point) {
    const __m512i in_order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i q[4];
    for (size_t i = 0; i < 4; i++) {
        q[i] = _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(x[i], factor)), zero_point);
    }
    __m512i words = _mm512_packus_epi16(_mm512_packs_epi32(q[0], q[1]), _mm512_packs_epi32(q[2], q[3]));
    return _mm512_permutexvar_epi32(in_order, words);
}

SWL_FUNCTION void swl_quantize_rows_avx512(const float *source, size_t source_stride, size_t rows, size_t columns,
                                           int32_t zero_point, uint8_t *target, size_t target_stride, float *scale) {
    float top = zero_point == 0 ? 255 : 127;
    __m512i zero = _mm512_set1_epi32(zero_point);
    for (size_t row = 0; row < rows; row++, source += source_stride, target += target_stride) {
        uint32_t largest = largest_magnitude(source, columns);
        float maximum = swl_float(largest);
        if (largest >= 0x7F800000 || maximum < SWL_QUANTIZE_MINIMUM) {
            scale[row] = largest >= 0x7F800000 ? NAN : 0;
            memset(target, zero_point, target_stride);
            continue;
        }
        scale[row] = maximum / top;
        __m512 factor = _mm512_set1_ps(top / maximum);
        size_t column = 0;
        for (; column + 64 <= columns; column += 64) {
            __m512 x[4];
            for (size_t i = 0; i < 4; i++) x[i] = _mm512_loadu_ps(source + column + 16 * i);
            _mm512_storeu_si512(target + column, quantized(x, factor, zero));
        }
        for (; column < target_stride; column += 64) {
            __m512 x[4];
            for (size_t i = 0; i < 4; i++) x[i] = load_before(source, column + 16 * i, columns);
            _mm512_mask_storeu_epi8(target + column, lanes_before(target_stride - column, 64),
                                    quantized(x, factor, zero));
        }
    }
}

#endif
