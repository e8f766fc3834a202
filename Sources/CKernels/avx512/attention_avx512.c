#include "../internal.h"

#if SWL_X86

#define SWL_TARGET SWL_AVX512_FEATURES
#define SWL_MULTIPLY_WORDS(sum, a, b) _mm512_fmadd_ps(a, b, sum)
#include "attention.h"

#include "softmax.h"

// Attention works on a tile of queries at a time: their scores against all keys, softmax over them while they are in
// the L1 cache, and their context. A head's keys are packed once for all tiles, so that a register holds 16 scores.

/// The distance in floats from one query's scores to the next query's. It is some cache lines longer than needed, so
/// that rows don't share cache sets.
static size_t score_stride(size_t length) {
    return swl_round_up(length, 16) + 16;
}

/// Scratch memory for keys, values, queries, factors and scores, each as large as the widest variant needs. 16-bit keys
/// and values take half of their room, so that their factors find place behind them.
size_t swl_attention_scratch_avx512(size_t length, size_t head_size) {
    size_t row = swl_round_up(head_size, 16);
    return (2 * swl_round_up(length, 16) + swl_attention_queries) * row + 16 +
           swl_attention_queries * score_stride(length);
}

/// Multiplies some queries' rows by up to 64 columns, in blocks. A block has so few rows that registers are left for a
/// row of B and a value of A.
static void multiply_rows(const swl_attention_steps *steps, swl_block block, size_t rows, size_t columns) {
    size_t vectors = (columns + 15) / 16, most = vectors <= 2 ? 12 : 6;
    while (rows > 0) {
        size_t height = rows <= most ? rows : (rows < 2 * most ? (rows + 1) / 2 : most);
        steps->blocks[height - 1][vectors - 1](&block);
        block.a += height * block.a_stride;
        block.c += height * block.c_stride;
        if (block.scale) block.scale += height;
        rows -= height;
    }
}

/// One head's operands, either packed or in the caller's memory.
typedef struct {
    const float *keys, *values;
    /// The factors of integers.
    const float *key_scale, *value_scale;
    size_t value_stride;
    float *context;
    /// Scratch memory for a tile's queries, factors and scores.
    float *queries, *scale, *scores;
} head_work;

/// Some queries of one head.
static void attend(const swl_attention *attention, const swl_attention_steps *steps, const head_work *work,
                   const float *queries, size_t first, size_t rows) {
    size_t length = attention->length, head_size = attention->head_size, words = steps->values_per_word;
    size_t stride = score_stride(length);
    swl_block block = {
        .a = queries, .a_stride = attention->query_stride, .b = work->keys, .c_stride = stride,
        .inner = (head_size + words - 1) / words, .last = 0xFFFF,
    };
    if (steps->pack_queries) {
        steps->pack_queries(queries, attention->query_stride, rows, head_size, work->queries, work->scale);
        block.a = work->queries;
        block.a_stride = swl_round_up(block.inner, 16);
    }
    for (size_t key = 0; key < length; key += swl_attention_panel) {
        size_t width = swl_min(swl_round_up(length - key, 16), swl_attention_panel);
        block.b = work->keys + key * block.inner;
        block.b_stride = width;
        block.c = work->scores + key;
        block.column_scale = work->key_scale + key;
        multiply_rows(steps, block, rows, width);
    }
    steps->softmax(work->scores, stride, rows, length, work->scale);
    block = (swl_block){
        .a = work->scores, .a_stride = stride, .b_stride = work->value_stride, .scale = work->scale,
        .inner = (length + words - 1) / words, .c_stride = attention->context_stride,
    };
    for (size_t column = 0; column < head_size; column += 64) {
        size_t width = swl_min(head_size - column, 64);
        block.b = work->values + column;
        block.column_scale = work->value_scale + column;
        block.c = work->context + first * block.c_stride + column;
        block.last = swl_last_lanes(width);
        multiply_rows(steps, block, rows, width);
    }
}

void swl_attend_avx512(const swl_attention *attention, const swl_attention_steps *steps) {
    size_t length = attention->length, head_size = attention->head_size, row = swl_round_up(head_size, 16);
    size_t count = attention->end_query - attention->first_query;
    if (count == 0) return;
    // As few tiles as possible, of about the same height.
    size_t tiles = (count + swl_attention_queries - 1) / swl_attention_queries, height = (count + tiles - 1) / tiles;
    size_t room = swl_round_up(length, 16) * row;
    float *keys = attention->scratch, *key_scale = keys + room / 2;
    float *values = keys + room, *value_scale = values + room / 2;
    float *queries = values + room, *scale = queries + swl_attention_queries * row;
    for (size_t head = attention->first_head; head < attention->end_head; head++) {
        size_t column = head * head_size;
        head_work work = {
            .keys = keys, .key_scale = key_scale, .values = attention->values + column, .value_scale = value_scale,
            .value_stride = attention->value_stride, .context = attention->context + column, .queries = queries,
            .scale = scale, .scores = scale + 16,
        };
        steps->pack_keys(attention->keys + column, attention->key_stride, length, head_size, keys, key_scale);
        if (length > steps->longest_unpacked) {
            steps->pack_values(work.values, work.value_stride, length, head_size, values, value_scale);
            work.values = values;
            work.value_stride = row;
        }
        for (size_t first = attention->first_query; first < attention->end_query; first += height) {
            attend(attention, steps, &work, attention->queries + first * attention->query_stride + column, first,
                   swl_min(height, attention->end_query - first));
        }
    }
}

// The variant in single precision.

SWL_DEFINE_BLOCKS

static SWL_FUNCTION void pack_keys(const float *keys, size_t stride, size_t length, size_t head_size, float *packed,
                                   float *scale) {
    (void)scale;
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
                                     float *packed, float *scale) {
    (void)scale;
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
        SWL_UNROLL for (size_t i = 0; i < rows; i++) {
            float *at = scores + i * stride + j;
            __m512 value = swl_exp_below(_mm512_load_ps(at), maximum[i]);
            _mm512_store_ps(at, value);
            sum[i] = _mm512_add_ps(sum[i], value);
        }
    }
    SWL_UNROLL for (size_t i = 0; i < rows; i++) {
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
        // In many models the distance between rows is a power of two, so the values of a longer text would compete for
        // a few cache sets.
        .longest_unpacked = 64,
        .pack_keys = pack_keys,
        .pack_values = pack_values,
        .softmax = softmax,
        .blocks = blocks,
    };
    swl_attend_avx512(attention, &steps);
}

#endif
