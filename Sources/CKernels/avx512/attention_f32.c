#include "../internal.h"

#if SWL_X86

#define SWL_TARGET SWL_AVX512_FEATURES
#define SWL_MULTIPLY_WORDS(sum, a, b) _mm512_fmadd_ps(a, b, sum)
#include "attention.h"

#include "softmax.h"
#include "transpose.h"

SWL_DEFINE_BLOCKS

static SWL_FUNCTION void pack_keys(const float *keys, size_t stride, size_t length, size_t head_size, float *packed) {
    size_t whole = head_size / 16 * 16;
    for (size_t first = 0; first < length; first += swl_attention_panel, packed += head_size * swl_attention_panel) {
        size_t width = swl_min(swl_round_up(length - first, 16), swl_attention_panel);
        for (size_t column = 0; column < width; column += 16) {
            const float *rows[16];
            for (size_t row = 0; row < 16; row++) rows[row] = keys + swl_min(first + column + row, length - 1) * stride;
            float *to = packed + column;
            for (size_t at = 0; at < whole; at += 16) swl_transpose_16x16(rows, at, to + at * width, width);
            for (size_t at = whole; at < head_size; at++) {
                for (size_t row = 0; row < 16; row++) to[row + at * width] = rows[row][at];
            }
        }
    }
}

static SWL_FUNCTION void pack_values(const float *values, size_t stride, size_t length, size_t head_size,
                                     float *packed) {
    __mmask16 last = swl_last_lanes(head_size);
    for (size_t row = 0; row < length; row++, values += stride) {
        for (size_t column = 0; column < head_size; column += 16, packed += 16) {
            __mmask16 lanes = head_size - column > 16 ? 0xFFFF : last;
            _mm512_store_ps(packed, _mm512_maskz_loadu_ps(lanes, values + column));
        }
    }
}

/// x = e^(x - max) over each row, with 1 / sum of e^(x - max) in `scale`. `rows`, 1...4, is a constant at each call.
SWL_INLINE void softmax_group(float *scores, size_t stride, size_t rows, size_t length, float *scale) {
    size_t whole = (length - 1) / 16 * 16;
    __mmask16 last = swl_last_lanes(length);
    __m512 maxima = swl_row_maxima(scores, stride, rows, length), maximum[4], sum[4];
    for (size_t i = 0; i < 4; i++) {
        maximum[i] = swl_spread(maxima, i);
        sum[i] = _mm512_setzero_ps();
    }
    for (size_t j = 0; j < whole; j += 16) {
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows; i++) {
            float *at = scores + i * stride + j;
            __m512 value = swl_exp_below(_mm512_load_ps(at), maximum[i]);
            _mm512_store_ps(at, value);
            sum[i] = _mm512_add_ps(sum[i], value);
        }
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
        float *at = scores + i * stride + whole;
        __m512 value = _mm512_maskz_mov_ps(last, swl_exp_below(_mm512_load_ps(at), maximum[i]));
        _mm512_store_ps(at, value);
        sum[i] = _mm512_add_ps(sum[i], value);
    }
    swl_store_factors(scale, rows, sum);
}

SWL_DEFINE_SOFTMAX

void swl_attention_avx512(const swl_attention *attention) {
    static const swl_attention_steps steps = {
        .values_per_word = 1,
        // A longer text's values would crowd into few cache sets, as rows lie a power of two apart in many models.
        .longest_unpacked = 64,
        .pack_keys = pack_keys,
        .pack_values = pack_values,
        .softmax = softmax,
        .blocks = blocks,
    };
    swl_attend_avx512(attention, &steps);
}

#endif
