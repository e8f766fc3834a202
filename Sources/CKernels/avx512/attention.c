#include "../internal.h"

#if SWL_X86

#include "attention_tile.h"
#include "softmax.h"
#include "transpose.h"

// The work is done for a tile of queries at a time: their scores against all keys, softmax over them while they are in
// the L1 cache, and their context. A head's keys are transposed once for all tiles, into panels of 64 keys
// [head_size][64] (the last one narrower), so that scores come 16 to a register. The values of a longer text are copied
// together too: their rows lie a power of two apart in many models, which crowds them into few cache sets.

enum { panel_width = 64, tile_height = 12, copied_length = 64 };

/// Floats from one query's scores to the next's: some lines more than they need, so that rows don't share cache sets.
static size_t score_stride(size_t length) {
    return swl_round_up(length, 16) + 16;
}

size_t swl_attention_scratch_avx512(size_t length, size_t head_size) {
    size_t keys = head_size * swl_round_up(length, 16);
    size_t values = length > copied_length ? length * swl_round_up(head_size, 16) : 0;
    return keys + values + tile_height * score_stride(length) + 16;
}

/// Transposes columns `first`..<`end` of up to 16 rows one by one, zeros where rows end.
SWL_AVX512_INLINE void transpose_edge(const float *rows, size_t stride, size_t count, size_t first, size_t end,
                                      float *target, size_t target_stride) {
    for (size_t column = first; column < end; column++) {
        float *to = target + column * target_stride;
        for (size_t row = 0; row < 16; row++) to[row] = row < count ? rows[row * stride + column] : 0.0f;
    }
}

static SWL_AVX512 void pack_keys(const float *keys, size_t stride, size_t length, size_t head_size, float *packed) {
    for (size_t first = 0; first < length; first += panel_width, packed += head_size * panel_width) {
        size_t width = swl_min(swl_round_up(length - first, 16), panel_width);
        for (size_t column = 0; column < width; column += 16) {
            const float *rows = keys + (first + column) * stride;
            size_t count = swl_min(length - first - column, 16), whole = count == 16 ? head_size / 16 * 16 : 0;
            for (size_t at = 0; at < whole; at += 16) {
                swl_transpose_16x16(rows + at, stride, packed + column + at * width, width);
            }
            transpose_edge(rows, stride, count, whole, head_size, packed + column, width);
        }
    }
}

static SWL_AVX512 void copy_values(const float *values, size_t stride, size_t length, size_t head_size, float *copy) {
    __mmask16 last = swl_last_lanes(head_size);
    for (size_t row = 0; row < length; row++, values += stride) {
        for (size_t column = 0; column < head_size; column += 16, copy += 16) {
            __mmask16 lanes = head_size - column > 16 ? 0xFFFF : last;
            _mm512_store_ps(copy, _mm512_maskz_loadu_ps(lanes, values + column));
        }
    }
}

/// A product of some queries' rows by `columns` columns, by tiles of as many rows as registers take.
static void multiply_rows(swl_tile tile, size_t rows, size_t columns) {
    size_t vectors = (columns + 15) / 16, most = swl_tile_rows(vectors);
    while (rows > 0) {
        size_t height = rows <= most ? rows : (rows < 2 * most ? (rows + 1) / 2 : most);
        swl_tile_avx512(&tile, height, vectors);
        tile.a += height * tile.a_stride;
        tile.c += height * tile.c_stride;
        if (tile.scale) tile.scale += height;
        rows -= height;
    }
}

/// Some queries of one head; `values` and `value_stride` may be a copy's.
static void attend(const swl_attention *attention, size_t head, size_t first, size_t rows, const float *values,
                   size_t value_stride, float *scores) {
    size_t length = attention->length, head_size = attention->head_size, column = head * head_size;
    size_t stride = score_stride(length);
    float *scale = scores, *probabilities = scores + 16;
    swl_tile tile = {
        .a = attention->queries + first * attention->query_stride + column, .a_stride = attention->query_stride,
        .b = attention->scratch, .inner = head_size, .c_stride = stride, .last = 0xFFFF,
    };
    for (size_t key = 0; key < length; key += panel_width, tile.b += panel_width * head_size) {
        size_t width = swl_min(swl_round_up(length - key, 16), panel_width);
        tile.c = probabilities + key;
        tile.b_stride = width;
        multiply_rows(tile, rows, width);
    }
    swl_softmax_rows_avx512(probabilities, stride, rows, length, scale);
    tile = (swl_tile){
        .a = probabilities, .a_stride = stride, .b_stride = value_stride, .inner = length,
        .c_stride = attention->context_stride, .scale = scale,
    };
    float *context = attention->context + first * attention->context_stride + column;
    for (size_t at = 0; at < head_size; at += panel_width) {
        size_t width = swl_min(head_size - at, panel_width);
        tile.b = values + at;
        tile.c = context + at;
        tile.last = swl_last_lanes(width);
        multiply_rows(tile, rows, width);
    }
}

void swl_attention_avx512(const swl_attention *attention) {
    size_t length = attention->length, head_size = attention->head_size;
    size_t queries = attention->end_query - attention->first_query;
    size_t tiles = (queries + tile_height - 1) / tile_height, height = tiles ? (queries + tiles - 1) / tiles : 0;
    for (size_t head = attention->first_head; head < attention->end_head && queries > 0; head++) {
        float *room = attention->scratch;
        pack_keys(attention->keys + head * head_size, attention->key_stride, length, head_size, room);
        room += head_size * swl_round_up(length, 16);
        const float *values = attention->values + head * head_size;
        size_t value_stride = attention->value_stride;
        if (length > copied_length) {
            copy_values(values, value_stride, length, head_size, room);
            values = room;
            value_stride = swl_round_up(head_size, 16);
            room += length * value_stride;
        }
        for (size_t first = attention->first_query; first < attention->end_query; first += height) {
            attend(attention, head, first, swl_min(height, attention->end_query - first), values, value_stride, room);
        }
    }
}

#endif
