/// The product of floats, and attention. Both are built from `accumulate`, the instruction set's inner loop of a
/// product over a panel of SWL_VECTOR columns, and the product from `accumulate_block`, the same for a whole block of
/// steps. A file defines both before it includes this one. SWL_DEFINE_GEMM then defines the product, and
/// SWL_DEFINE_ATTENTION defines attention under the set's name.
///
/// Attention works on a tile of queries at a time: their scores against all keys, softmax over them while they are in
/// the L1 cache, and their context. A head's keys and values are packed once for all tiles, as the panels of a product.
#ifndef CKERNELS_LANES_F32_H
#define CKERNELS_LANES_F32_H

#include "gemm.h"

SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows) {
    const float *weight = (const float *)task->panel;
    const float *a = (const float *)p->a + task->row * p->a_stride;
    tile_sums v;
    clear_tile(rows, v);
    uintptr_t next = task->next;
    for (size_t k = 0; k < p->inner; k += block_steps) {
        next = fetch_next(next, task->lines);
        size_t steps = p->inner - k;
        if (steps >= block_steps) {
            accumulate_block(a + k, p->a_stride, weight + k * SWL_VECTOR, rows, v);
        } else {
            accumulate(a + k, p->a_stride, weight + k * SWL_VECTOR, steps, rows, v);
        }
    }
    add_bias(p, task->column, rows, v);
    finish_tile(p, task->row, task->column, rows, v);
}

typedef float four_floats __attribute__((ext_vector_type(4)));

/// The distance in floats from one query's scores to the next query's. It is one cache line longer than needed, so that
/// rows don't share cache sets.
SWL_INLINE size_t score_stride(size_t length) { return swl_round_up(length, SWL_VECTOR) + SWL_VECTOR; }

/// Scratch memory: keys, values, and a tile's scores.
SWL_INLINE size_t attention_scratch(size_t length, size_t head_size) {
    return swl_round_up(length, SWL_VECTOR) * head_size + length * swl_round_up(head_size, SWL_VECTOR) +
           tile_rows * score_stride(length);
}

/// Transposes 4 columns of 4 rows; target rows are SWL_VECTOR apart.
SWL_INLINE void transpose_4x4(const float *source, size_t stride, float *target) {
    four_floats row[4], half[4];
    SWL_UNROLL for (size_t i = 0; i < 4; i++) memcpy(&row[i], source + i * stride, sizeof row[i]);
    half[0] = __builtin_shufflevector(row[0], row[1], 0, 4, 1, 5);
    half[1] = __builtin_shufflevector(row[2], row[3], 0, 4, 1, 5);
    half[2] = __builtin_shufflevector(row[0], row[1], 2, 6, 3, 7);
    half[3] = __builtin_shufflevector(row[2], row[3], 2, 6, 3, 7);
    for (size_t i = 0; i < 4; i += 2) {
        four_floats even = __builtin_shufflevector(half[i], half[i + 1], 0, 1, 4, 5);
        four_floats odd = __builtin_shufflevector(half[i], half[i + 1], 2, 3, 6, 7);
        memcpy(target + i * SWL_VECTOR, &even, sizeof even);
        memcpy(target + (i + 1) * SWL_VECTOR, &odd, sizeof odd);
    }
}

/// A head's keys as panels [head_size][SWL_VECTOR keys], zeros where there are none.
SWL_INLINE void pack_keys(const float *keys, size_t stride, size_t length, size_t head_size, float *packed) {
    for (size_t first = 0; first < length; first += SWL_VECTOR, packed += head_size * SWL_VECTOR) {
        size_t count = swl_min(length - first, SWL_VECTOR), whole = count / 4 * 4, columns = head_size / 4 * 4;
        const float *rows = keys + first * stride;
        if (count < SWL_VECTOR) memset(packed, 0, head_size * SWL_VECTOR * sizeof(float));
        for (size_t row = 0; row < whole; row += 4) {
            for (size_t column = 0; column < columns; column += 4) {
                transpose_4x4(rows + row * stride + column, stride, packed + column * SWL_VECTOR + row);
            }
        }
        for (size_t row = 0; row < count; row++) {
            for (size_t column = row < whole ? columns : 0; column < head_size; column++) {
                packed[column * SWL_VECTOR + row] = rows[row * stride + column];
            }
        }
    }
}

/// A head's values as panels [length][SWL_VECTOR columns], zeros behind the head's last.
SWL_INLINE void pack_values(const float *values, size_t stride, size_t length, size_t head_size, float *packed) {
    for (size_t column = 0; column < head_size; column += SWL_VECTOR) {
        const float *row = values + column;
        size_t left = head_size - column;
        for (size_t i = 0; i < length; i++, row += stride, packed += SWL_VECTOR) {
            for (size_t j = 0; j < SWL_VECTOR; j += lane_count) {
                floats value = 0;
                if (j < left) value = load_up_to(left - j, row + j);
                store_floats(packed + j, value);
            }
        }
    }
}

#define SWL_LARGER(a, b) ((a) > (b) ? (a) : (b))

/// `x` in the first `left` lanes, `other` in the rest.
SWL_INLINE floats first_lanes(size_t left, floats x, floats other) {
    integers lane;
    SWL_UNROLL for (size_t i = 0; i < lane_count; i++) lane[i] = (int32_t)i;
    return lane < (integers)(int32_t)left ? x : other;
}

SWL_INLINE floats exp_below(const float *score, float maximum) {
    return exp2_of((load_floats(score) - maximum) * 1.44269504f);
}

/// x = e^(x - max) over a query's scores; returns 1 / their sum. Lanes of the last vector beyond `length` do not count.
///
/// A NaN among the scores makes the sum NaN. So does an infinite maximum, because infinity - infinity is NaN. So
/// neither is hidden.
SWL_INLINE float softmax(float *scores, size_t length) {
    size_t whole = (length - 1) / lane_count * lane_count, left = length - whole;
    floats largest = first_lanes(left, load_floats(scores + whole), -__builtin_inff()), sum = 0;
    for (size_t j = 0; j < whole; j += lane_count) {
        floats score = load_floats(scores + j);
        largest = SWL_LARGER(score, largest);
    }
    float maximum = SWL_REDUCE(largest, SWL_LARGER);
    for (size_t j = 0; j < whole; j += lane_count) {
        floats value = exp_below(scores + j, maximum);
        store_floats(scores + j, value);
        sum += value;
    }
    floats last = first_lanes(left, exp_below(scores + whole, maximum), 0.0f);
    store_floats(scores + whole, last);
    sum += last;
    return 1.0f / SWL_REDUCE(sum, SWL_SUM);
}

/// A tile of queries of one head, with their operands and scratch memory.
typedef struct {
    const float *queries;
    size_t query_stride, length, head_size;
    const float *keys, *values;
    float *scores, *context;
    size_t context_stride;
} attention_task;

SWL_INLINE void attend(const attention_task *task, size_t rows) {
    size_t length = task->length, head_size = task->head_size, stride = score_stride(length);
    for (size_t key = 0; key < length; key += SWL_VECTOR) {
        tile_sums v;
        clear_tile(rows, v);
        accumulate(task->queries, task->query_stride, task->keys + key * head_size, head_size, rows, v);
        SWL_UNROLL for (size_t r = 0; r < rows; r++) {
            float *scores = task->scores + r * stride + key;
            SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) store_floats(scores + j * lane_count, v[r][j]);
        }
    }
    float scale[tile_rows];
    for (size_t r = 0; r < rows; r++) scale[r] = softmax(task->scores + r * stride, length);
    for (size_t column = 0; column < head_size; column += SWL_VECTOR) {
        tile_sums v;
        clear_tile(rows, v);
        accumulate(task->scores, stride, task->values + column * length, length, rows, v);
        SWL_UNROLL for (size_t r = 0; r < rows; r++) {
            float *context = task->context + r * task->context_stride + column;
            SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) {
                size_t lane = j * lane_count, left = head_size - column;
                floats value = v[r][j] * scale[r];
                if (lane < left) SWL_STORE_UP_TO(left - lane, context + lane, value);
            }
        }
    }
}

typedef void (*attention_function)(const attention_task *task);

SWL_INLINE void attend_heads(const swl_attention *attention, const attention_function tiles[tile_rows]) {
    size_t length = attention->length, head_size = attention->head_size;
    size_t count = attention->end_query - attention->first_query;
    if (count == 0) return;
    // As few tiles as possible, of about the same height.
    size_t tile_count = (count + tile_rows - 1) / tile_rows, height = (count + tile_count - 1) / tile_count;
    float *keys = attention->scratch, *values = keys + swl_round_up(length, SWL_VECTOR) * head_size;
    float *scores = values + length * swl_round_up(head_size, SWL_VECTOR);
    for (size_t head = attention->first_head; head < attention->end_head; head++) {
        size_t column = head * head_size;
        pack_keys(attention->keys + column, attention->key_stride, length, head_size, keys);
        pack_values(attention->values + column, attention->value_stride, length, head_size, values);
        for (size_t first = attention->first_query; first < attention->end_query; first += height) {
            attention_task task = {
                .queries = attention->queries + first * attention->query_stride + column,
                .query_stride = attention->query_stride, .length = length, .head_size = head_size,
                .keys = keys, .values = values, .scores = scores,
                .context = attention->context + first * attention->context_stride + column,
                .context_stride = attention->context_stride,
            };
            tiles[swl_min(height, attention->end_query - first) - 1](&task);
        }
    }
}

#define SWL_ATTEND(rows)                                                                                              \
    static SWL_FUNCTION void attend_##rows(const attention_task *task) { attend(task, rows); }

#define SWL_DEFINE_ATTENTION(isa)                                                                                     \
    SWL_ATTEND(1)                                                                                                     \
    SWL_ATTEND(2)                                                                                                     \
    SWL_ATTEND(3)                                                                                                     \
    SWL_ATTEND(4)                                                                                                     \
    SWL_ATTEND(5)                                                                                                     \
    SWL_ATTEND(6)                                                                                                     \
    SWL_FUNCTION size_t swl_attention_scratch_##isa(size_t length, size_t head_size) {                                \
        return attention_scratch(length, head_size);                                                                  \
    }                                                                                                                 \
    SWL_FUNCTION void swl_attention_##isa(const swl_attention *attention) {                                           \
        static const attention_function tiles[tile_rows] = {attend_1, attend_2, attend_3,                             \
                                                            attend_4, attend_5, attend_6};                            \
        attend_heads(attention, tiles);                                                                               \
    }

#endif
