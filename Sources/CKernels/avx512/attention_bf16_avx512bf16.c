#include "../internal.h"

#if SWL_X86

#define SWL_TARGET SWL_AVX512_FEATURES ",avx512bf16"
#define SWL_MULTIPLY_WORDS(sum, a, b) _mm512_dpbf16_ps(sum, (__m512bh)(a), (__m512bh)(b))
#include "attention.h"

#include "softmax.h"

SWL_DEFINE_BLOCKS

/// Narrows 32 floats to bfloat16 and packs neighbours in pairs: 16 words.
SWL_INLINE __m512 narrow_pairs(__m512 low, __m512 high) {
    return (__m512)_mm512_cvtne2ps_pbh(high, low);
}

/// Up to 32 floats of a row as words, zeros behind the row's end.
SWL_INLINE __m512 load_pairs(const float *row, size_t count) {
    __mmask32 lanes = count >= 32 ? 0xFFFFFFFF : (1u << count) - 1;
    return narrow_pairs(_mm512_maskz_loadu_ps((__mmask16)lanes, row),
                        _mm512_maskz_loadu_ps((__mmask16)(lanes >> 16), row + 16));
}

static SWL_FUNCTION void pack_queries(const float *queries, size_t stride, size_t rows, size_t head_size,
                                      float *packed, float *scale) {
    (void)scale;
    for (size_t row = 0; row < rows; row++, queries += stride) {
        for (size_t column = 0; column < head_size; column += 32, packed += 16) {
            _mm512_store_ps(packed, load_pairs(queries + column, head_size - column));
        }
    }
}

/// Packs 16 keys: writes their words one after another to `packed`, `width` floats apart.
static SWL_FUNCTION void pack_16_keys(const float *const keys[16], size_t head_size, float *packed, size_t width) {
    float words[16 * 16] __attribute__((aligned(64))), transposed[16 * 16] __attribute__((aligned(64)));
    const float *rows[16];
    for (size_t row = 0; row < 16; row++) rows[row] = words + 16 * row;
    size_t left = (head_size + 1) / 2;
    for (size_t column = 0; column < head_size; column += 32, packed += 16 * width, left -= swl_min(left, 16)) {
        for (size_t row = 0; row < 16; row++) {
            _mm512_store_ps(words + 16 * row, load_pairs(keys[row] + column, head_size - column));
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
    (void)scale;
    size_t words = (head_size + 1) / 2;
    for (size_t first = 0; first < length; first += swl_attention_panel, packed += words * swl_attention_panel) {
        size_t width = swl_min(swl_round_up(length - first, 16), swl_attention_panel);
        for (size_t column = 0; column < width; column += 16) {
            const float *rows[16];
            for (size_t row = 0; row < 16; row++) rows[row] = keys + swl_min(first + column + row, length - 1) * stride;
            pack_16_keys(rows, head_size, packed + column, width);
        }
    }
}

static SWL_FUNCTION void pack_values(const float *values, size_t stride, size_t length, size_t head_size,
                                     float *packed, float *scale) {
    (void)scale;
    // The indices that interleave 16 values of one token with 16 values of the next, to pairs.
    __m512i interleaved = _mm512_add_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                                           _mm512_set1_epi32(16 << 16));
    interleaved = _mm512_add_epi32(interleaved, _mm512_slli_epi32(interleaved, 16));
    __mmask16 last = swl_last_lanes(head_size);
    for (size_t row = 0; row < length; row += 2, values += 2 * stride) {
        for (size_t column = 0; column < head_size; column += 16, packed += 16) {
            __mmask16 lanes = head_size - column > 16 ? 0xFFFF : last;
            __m512 even = _mm512_maskz_loadu_ps(lanes, values + column), odd = _mm512_setzero_ps();
            if (row + 1 < length) odd = _mm512_maskz_loadu_ps(lanes, values + stride + column);
            __m512i pairs = _mm512_permutexvar_epi16(interleaved, (__m512i)narrow_pairs(even, odd));
            _mm512_store_si512(packed, pairs);
        }
    }
}

/// Words of e^(x - max) over the first floats of each row, with 1 / sum of e^(x - max) in `scale`. `rows`, 1...4, is a
/// constant at each call.
SWL_INLINE void softmax_group(float *scores, size_t stride, size_t rows, size_t length, float *scale) {
    size_t whole = (length - 1) / 32 * 32;
    uint32_t last = 0xFFFFFFFF >> (31 - (length - 1) % 32);
    __m512 maxima = swl_row_maxima(scores, stride, rows, length), maximum[4], sum[4];
    for (size_t i = 0; i < 4; i++) {
        maximum[i] = swl_spread(maxima, i);
        sum[i] = _mm512_setzero_ps();
    }
    for (size_t j = 0; j < whole; j += 32) {
        SWL_UNROLL for (size_t i = 0; i < rows; i++) {
            float *row = scores + i * stride;
            __m512 low = swl_exp_below(_mm512_load_ps(row + j), maximum[i]);
            __m512 high = swl_exp_below(_mm512_load_ps(row + j + 16), maximum[i]);
            _mm512_store_ps(row + j / 2, narrow_pairs(low, high));
            sum[i] = _mm512_add_ps(sum[i], _mm512_add_ps(low, high));
        }
    }
    SWL_UNROLL for (size_t i = 0; i < rows; i++) {
        float *row = scores + i * stride;
        __mmask16 lanes = (__mmask16)last;
        __m512 low = _mm512_maskz_mov_ps(lanes, swl_exp_below(_mm512_load_ps(row + whole), maximum[i]));
        __m512 high = _mm512_setzero_ps();
        if (last > 0xFFFF) {
            lanes = (__mmask16)(last >> 16);
            high = _mm512_maskz_mov_ps(lanes, swl_exp_below(_mm512_load_ps(row + whole + 16), maximum[i]));
        }
        _mm512_store_ps(row + whole / 2, narrow_pairs(low, high));
        sum[i] = _mm512_add_ps(sum[i], _mm512_add_ps(low, high));
    }
    swl_store_factors(scale, rows, sum);
}

SWL_DEFINE_SOFTMAX

void swl_attention_bf16_avx512bf16(const swl_attention *attention) {
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
