#include "../internal.h"

#if SWL_X86

#define SWL_TARGET SWL_AVX512_FEATURES
#include "math.h"

#include "../lanes/rotate.h"

#include <math.h>

/// A mask of the first `count` lanes; all `lanes` lanes if `count` is larger.
static inline uint64_t lanes_before(size_t count, size_t lanes) {
    return count >= lanes ? ~(uint64_t)0 >> (64 - lanes) : ((uint64_t)1 << count) - 1;
}

/// Loads 16 values of a row from `column` on, multiplied by their balance if there is one. In a `tail`, places beyond
/// `columns` are zero.
SWL_INLINE __m512 load_balanced(const float *row, const float *balance, size_t column, size_t columns, bool tail) {
    size_t left = column < columns ? columns - column : 0;
    __mmask16 lanes = tail ? (__mmask16)lanes_before(left, 16) : 0xFFFF;
    __m512 x = _mm512_maskz_loadu_ps(lanes, row + column);
    return balance ? _mm512_mul_ps(x, _mm512_maskz_loadu_ps(lanes, balance + column)) : x;
}

/// Updates the largest magnitudes so far by 16 columns of four rows.
SWL_INLINE void enlarge(__m512i largest[4], const float *const rows[4], const float *balance, size_t column,
                        size_t columns, bool tail) {
    for (size_t i = 0; i < 4; i++) {
        __m512i bits = _mm512_castps_si512(load_balanced(rows[i], balance, column, columns, tail));
        largest[i] = _mm512_max_epu32(largest[i], _mm512_and_si512(bits, _mm512_set1_epi32(0x7FFFFFFF)));
    }
}

/// The bits of four rows' largest magnitudes. They are compared as integers, so that NaN is the largest of all.
SWL_INLINE __m128i largest_magnitudes(const float *const rows[4], const float *balance, size_t columns) {
    __m512i largest[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                          _mm512_setzero_si512()};
    size_t column = 0;
    for (; column + 16 <= columns; column += 16) enlarge(largest, rows, balance, column, columns, false);
    if (column < columns) enlarge(largest, rows, balance, column, columns, true);
    return _mm512_castsi512_si128(swl_largest_lanes_avx512(largest));
}

/// 64 columns of a row as bytes, for a constant zero point of 0 or 128. Packing takes 16 bytes from each lane of its
/// operands in turn, which `in_order` undoes. If the zero point is 128, integers are at most 127 in magnitude, and
/// adding 128 to a byte changes its highest bit only.
SWL_INLINE __m512i quantized(const float *row, const float *balance, size_t column, size_t columns, bool tail,
                             __m512 factor, int32_t zero_point) {
    const __m512i in_order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i q[4];
    for (size_t i = 0; i < 4; i++) {
        __m512 x = load_balanced(row, balance, column + 16 * i, columns, tail);
        q[i] = _mm512_cvtps_epi32(_mm512_mul_ps(x, factor));
    }
    __m512i low = _mm512_packs_epi32(q[0], q[1]), high = _mm512_packs_epi32(q[2], q[3]);
    if (zero_point == 0) return _mm512_permutexvar_epi32(in_order, _mm512_packus_epi16(low, high));
    __m512i bytes = _mm512_permutexvar_epi32(in_order, _mm512_packs_epi16(low, high));
    return _mm512_xor_si512(bytes, _mm512_set1_epi8((char)0x80));
}

SWL_INLINE void quantize_row(const float *row, const float *balance, size_t columns, float factor, int32_t zero_point,
                             uint8_t *target, size_t target_stride) {
    __m512 factors = _mm512_set1_ps(factor);
    size_t column = 0;
    for (; column + 64 <= columns; column += 64) {
        _mm512_storeu_si512(target + column, quantized(row, balance, column, columns, false, factors, zero_point));
    }
    for (; column < target_stride; column += 64) {
        _mm512_mask_storeu_epi8(target + column, lanes_before(target_stride - column, 64),
                                quantized(row, balance, column, columns, true, factors, zero_point));
    }
}

/// Quantizes four rows together, so that the CPU works on one row while another waits for results.
SWL_INLINE void quantize_four(const float *const rows[4], const float *balance, size_t columns, int32_t zero_point,
                              uint8_t *const targets[4], size_t target_stride, float scale[4]) {
    __m128i bits = largest_magnitudes(rows, balance, columns);
    __m128 maximum = _mm_castsi128_ps(bits), top = _mm_set1_ps(zero_point == 0 ? 255 : 127);
    __mmask8 finite = _mm_cmplt_epu32_mask(bits, _mm_set1_epi32(0x7F800000));
    __mmask8 usable = _mm_mask_cmp_ps_mask(finite, maximum, _mm_set1_ps(SWL_QUANTIZE_MINIMUM), _CMP_GE_OQ);
    __m128 scales = _mm_maskz_div_ps(usable, maximum, top);
    _mm_storeu_ps(scale, _mm_mask_blend_ps(finite, _mm_set1_ps(NAN), scales));
    float factors[4];
    _mm_storeu_ps(factors, _mm_div_ps(top, maximum));
    for (size_t i = 0; i < 4; i++) {
        if (usable & (1 << i)) {
            quantize_row(rows[i], balance, columns, factors[i], zero_point, targets[i], target_stride);
        } else {
            memset(targets[i], zero_point, target_stride);
        }
    }
}

SWL_INLINE void quantize_all(const float *source, size_t source_stride, size_t rows, size_t columns,
                             int32_t zero_point, const float *balance, uint8_t *target, size_t target_stride,
                             float *scale) {
    for (size_t row = 0; row < rows; row += 4) {
        size_t count = swl_min(rows - row, 4);
        const float *sources[4];
        uint8_t *targets[4];
        float scales[4];
        for (size_t i = 0; i < 4; i++) {
            // If fewer than four rows are left, the last one is computed several times.
            size_t place = row + swl_min(i, count - 1);
            sources[i] = source + place * source_stride;
            targets[i] = target + place * target_stride;
        }
        quantize_four(sources, balance, columns, zero_point, targets, target_stride, scales);
        memcpy(scale + row, scales, count * sizeof(float));
    }
}

/// A zero point of 0 and one of 128 are constants for the functions above.
SWL_INLINE void quantize(const float *source, size_t source_stride, size_t rows, size_t columns, int32_t zero_point,
                         const float *balance, uint8_t *target, size_t target_stride, float *scale) {
    if (zero_point == 0) {
        quantize_all(source, source_stride, rows, columns, 0, balance, target, target_stride, scale);
    } else {
        quantize_all(source, source_stride, rows, columns, 128, balance, target, target_stride, scale);
    }
}

SWL_FUNCTION void swl_quantize_rows_avx512(const float *source, size_t source_stride, size_t rows, size_t columns,
                                           int32_t zero_point, const float *balance, size_t rotation,
                                           uint8_t *target, size_t target_stride, float *scale) {
    if (rotation) {
        SWL_QUANTIZE_ROTATED(quantize);
    } else if (balance) {
        quantize(source, source_stride, rows, columns, zero_point, balance, target, target_stride, scale);
    } else {
        quantize(source, source_stride, rows, columns, zero_point, NULL, target, target_stride, scale);
    }
}

#endif
