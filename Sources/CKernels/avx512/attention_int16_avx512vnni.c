#include "../internal.h"

#if SWL_X86

#define SWL_TARGET SWL_AVX512_FEATURES ",avx512vnni"
#define SWL_INTEGER_SUMS
#define SWL_MULTIPLY_WORDS multiply_pairs
#include "target.h"

#include <immintrin.h>

/// Adds the products of 16 pairs of integers. Clang would replace the intrinsic by vpmaddwd and vpaddd, which take
/// twice as long.
SWL_INLINE __m512 multiply_pairs(__m512 sum, __m512 a, __m512 b) {
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
}

#include "attention.h"

#include "softmax.h"

#include <math.h>

SWL_DEFINE_BLOCKS

/// Two vectors of integers as pairs of neighbours: 16 words.
SWL_INLINE __m512i pair(__m512i low, __m512i high) {
    const __m512i in_order = _mm512_setr_epi32(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
    return _mm512_permutexvar_epi32(in_order, _mm512_packs_epi32(low, high));
}

SWL_INLINE __m512 load_lanes(const float *row, size_t column, size_t columns) {
    size_t left = column < columns ? columns - column : 0;
    return _mm512_maskz_loadu_ps((__mmask16)(left >= 16 ? 0xFFFF : (1 << left) - 1), row + column);
}

SWL_INLINE __m512i magnitudes(__m512 x) {
    return _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(0x7FFFFFFF));
}

/// The factors that take integers back to floats, by the bits of the largest magnitudes; returns those that take floats
/// to integers up to `limit`. Magnitudes are compared as integers, so that NaN is the largest of all.
SWL_INLINE __m512 factors(__m512i bits, float limit, __m512 *scale) {
    __m512 maximum = _mm512_castsi512_ps(bits), top = _mm512_set1_ps(limit);
    __mmask16 finite = _mm512_cmplt_epu32_mask(bits, _mm512_set1_epi32(0x7F800000));
    __mmask16 usable = _mm512_mask_cmp_ps_mask(finite, maximum, _mm512_set1_ps(SWL_QUANTIZE_MINIMUM), _CMP_GE_OQ);
    *scale = _mm512_mask_blend_ps(finite, _mm512_set1_ps(NAN), _mm512_maskz_div_ps(usable, maximum, top));
    return _mm512_maskz_div_ps(usable, top, maximum);
}

/// The bits of four rows' largest magnitudes, in each quarter.
SWL_INLINE __m512i row_maxima(const float *const rows[4], size_t columns) {
    __m512i largest[4];
    SWL_UNROLL for (size_t i = 0; i < 4; i++) largest[i] = _mm512_setzero_si512();
    for (size_t column = 0; column < columns; column += 16) {
        SWL_UNROLL for (size_t i = 0; i < 4; i++) {
            largest[i] = _mm512_max_epu32(largest[i], magnitudes(load_lanes(rows[i], column, columns)));
        }
    }
    return swl_largest_lanes_avx512(largest);
}

/// 32 values of a row as words, zeros behind the row's end.
SWL_INLINE __m512i load_pairs(const float *row, size_t column, size_t columns, __m512 factor) {
    __m512i low = _mm512_cvtps_epi32(_mm512_mul_ps(load_lanes(row, column, columns), factor));
    __m512i high = _mm512_cvtps_epi32(_mm512_mul_ps(load_lanes(row, column + 16, columns), factor));
    return pair(low, high);
}

static SWL_FUNCTION void pack_queries(const float *queries, size_t stride, size_t rows, size_t head_size,
                                      float *packed, float *scale) {
    float limit = swl_attention_limit(head_size);
    for (size_t row = 0; row < rows; row += 4) {
        size_t count = swl_min(rows - row, 4);
        const float *four[4];
        for (size_t i = 0; i < 4; i++) four[i] = queries + (row + swl_min(i, count - 1)) * stride;
        float factor[16];
        __m512 scales;
        _mm512_storeu_ps(factor, factors(row_maxima(four, head_size), limit, &scales));
        _mm_mask_storeu_ps(scale + row, (__mmask8)(0xF >> (4 - count)), _mm512_castps512_ps128(scales));
        for (size_t i = 0; i < count; i++) {
            for (size_t column = 0; column < head_size; column += 32, packed += 16) {
                _mm512_store_si512(packed, load_pairs(four[i], column, head_size, _mm512_set1_ps(factor[i])));
            }
        }
    }
}

/// Packs 16 keys: writes their words one after another to `packed`, `width` floats apart.
static SWL_FUNCTION void pack_16_keys(const float *const keys[16], size_t head_size, float *packed, size_t width,
                                      float *scale) {
    float words[16 * 16] __attribute__((aligned(64))), transposed[16 * 16] __attribute__((aligned(64))), factor[16];
    __m512i largest = row_maxima(keys, head_size);
    largest = _mm512_mask_mov_epi32(largest, 0x00F0, row_maxima(keys + 4, head_size));
    largest = _mm512_mask_mov_epi32(largest, 0x0F00, row_maxima(keys + 8, head_size));
    largest = _mm512_mask_mov_epi32(largest, 0xF000, row_maxima(keys + 12, head_size));
    __m512 scales;
    _mm512_storeu_ps(factor, factors(largest, swl_attention_limit(head_size), &scales));
    _mm512_storeu_ps(scale, scales);
    const float *rows[16];
    for (size_t row = 0; row < 16; row++) rows[row] = words + 16 * row;
    size_t left = (head_size + 1) / 2;
    for (size_t column = 0; column < head_size; column += 32, packed += 16 * width, left -= swl_min(left, 16)) {
        for (size_t row = 0; row < 16; row++) {
            _mm512_store_si512(words + 16 * row, load_pairs(keys[row], column, head_size, _mm512_set1_ps(factor[row])));
        }
        if (left >= 16) {
            swl_transpose_16x16(rows, 0, packed, width);
            continue;
        }
        swl_transpose_16x16(rows, 0, transposed, 16);
        for (size_t word = 0; word < left; word++) {
            _mm512_store_ps(packed + word * width, _mm512_load_ps(transposed + 16 * word));
        }
    }
}

static SWL_FUNCTION void pack_keys(const float *keys, size_t stride, size_t length, size_t head_size, float *packed,
                                   float *scale) {
    size_t words = (head_size + 1) / 2;
    for (size_t first = 0; first < length; first += swl_attention_panel, packed += words * swl_attention_panel) {
        size_t width = swl_min(swl_round_up(length - first, 16), swl_attention_panel);
        for (size_t column = 0; column < width; column += 16) {
            const float *rows[16];
            for (size_t row = 0; row < 16; row++) rows[row] = keys + swl_min(first + column + row, length - 1) * stride;
            pack_16_keys(rows, head_size, packed + column, width, scale + first + column);
        }
    }
}

static SWL_FUNCTION void pack_values(const float *values, size_t stride, size_t length, size_t head_size,
                                     float *packed, float *scale) {
    size_t width = swl_round_up(head_size, 16);
    for (size_t column = 0; column < head_size; column += 16) {
        __m512i largest = _mm512_setzero_si512();
        for (size_t row = 0; row < length; row++) {
            largest = _mm512_max_epu32(largest, magnitudes(load_lanes(values + row * stride, column, head_size)));
        }
        __m512 scales, factor = factors(largest, SWL_ATTENTION_VALUE, &scales);
        _mm512_storeu_ps(scale + column, scales);
        for (size_t row = 0; row < length; row += 2) {
            const float *at = values + row * stride;
            __m512 even = load_lanes(at, column, head_size);
            __m512 odd = row + 1 < length ? load_lanes(at + stride, column, head_size) : _mm512_setzero_ps();
            __m512i low = _mm512_cvtps_epi32(_mm512_mul_ps(even, factor));
            __m512i high = _mm512_slli_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(odd, factor)), 16);
            _mm512_store_si512(packed + row / 2 * width + column, _mm512_mask_mov_epi16(low, 0xAAAAAAAA, high));
        }
    }
}

/// Writes words of a row's exponentials, times `factor`, over its first floats.
SWL_INLINE void pair_exponentials(float *row, size_t length, __m512 factor) {
    for (size_t j = 0; j < length; j += 32) {
        __m512 high = j + 16 < length ? _mm512_load_ps(row + j + 16) : _mm512_setzero_ps();
        _mm512_store_si512(row + j / 2, pair(_mm512_cvtps_epi32(_mm512_mul_ps(_mm512_load_ps(row + j), factor)),
                                             _mm512_cvtps_epi32(_mm512_mul_ps(high, factor))));
    }
}

/// e^(score - maximum) with a relative error under 1e-4, which is less than what the rounding of queries and keys
/// changes. The polynomial is a minimax fit made for this project (relative error 7.5e-5).
SWL_INLINE __m512 rough_exp(__m512 score, __m512 maximum, __m512 factor) {
    __mmask16 normal;
    __m512 exponent = swl_exponent_below(score, maximum, factor, &normal);
    __m512 r = _mm512_reduce_ps(exponent, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    __m512 series = _mm512_fmadd_ps(r, _mm512_set1_ps(7.802452e-2f), _mm512_set1_ps(2.2606716e-1f));
    series = _mm512_fmadd_ps(series, r, _mm512_set1_ps(6.9583356e-1f));
    series = _mm512_fmadd_ps(series, r, _mm512_set1_ps(9.999252e-1f));
    return _mm512_maskz_scalef_ps(normal, series, exponent);
}

/// Words of e^(x - max) over the first floats of each row. `rows`, 1...4, is a constant at each call.
SWL_INLINE void softmax_group(float *scores, size_t stride, size_t rows, size_t length, float *scale) {
    size_t whole = (length - 1) / 16 * 16;
    __mmask16 last = swl_last_lanes(length);
    __m512 maxima = swl_row_maxima(scores, stride, rows, length), maximum[4], factor[4], sum[4];
    SWL_UNROLL for (size_t i = 0; i < 4; i++) {
        maximum[i] = swl_spread(maxima, i);
        factor[i] = _mm512_set1_ps(i < rows ? scale[i] * SWL_LOG2_E : 0);
        sum[i] = _mm512_setzero_ps();
    }
    for (size_t j = 0; j < whole; j += 16) {
        SWL_UNROLL for (size_t i = 0; i < rows; i++) {
            float *at = scores + i * stride + j;
            __m512 value = rough_exp(_mm512_load_ps(at), maximum[i], factor[i]);
            _mm512_store_ps(at, value);
            sum[i] = _mm512_add_ps(sum[i], value);
        }
    }
    SWL_UNROLL for (size_t i = 0; i < rows; i++) {
        float *at = scores + i * stride + whole;
        __m512 value = _mm512_maskz_mov_ps(last, rough_exp(_mm512_load_ps(at), maximum[i], factor[i]));
        _mm512_store_ps(at, value);
        sum[i] = _mm512_add_ps(sum[i], value);
    }
    __m512 sums = swl_sums_of_4(sum);
    __m512 integers = _mm512_min_ps(_mm512_div_ps(_mm512_set1_ps(SWL_ATTENTION_WEIGHTS), sums),
                                    _mm512_set1_ps(SWL_ATTENTION_WEIGHT));
    __m512 scales = _mm512_div_ps(_mm512_set1_ps(1), _mm512_mul_ps(sums, integers));
    _mm_mask_storeu_ps(scale, (__mmask8)(0xF >> (4 - rows)), _mm512_castps512_ps128(scales));
    SWL_UNROLL
    for (size_t i = 0; i < rows; i++) pair_exponentials(scores + i * stride, length, swl_spread(integers, i));
}

SWL_DEFINE_SOFTMAX

void swl_attention_int16_avx512vnni(const swl_attention *attention) {
    if (attention->length < SWL_ATTENTION_SHORTEST) return swl_attention_avx512(attention);
    static const swl_attention_steps steps = {
        .values_per_word = 2,
        .pack_queries = pack_queries,
        .pack_keys = pack_keys,
        .pack_values = pack_values,
        .softmax = softmax,
        .blocks = blocks,
    };
    swl_attend_avx512(attention, &steps);
}

#endif
