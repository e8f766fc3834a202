#include "../internal.h"

#if SWL_ARM64

#define SWL_TILE_ROWS 4
#include "lanes.h"

#include "../lanes/gemm.h"

/// The number of inputs in a vector of pairs.
enum { pair_inputs = 2 * lane_count };

/// Some rows' activations as floats: the even inputs of each pair and the odd ones.
typedef struct {
    floats even[tile_rows], odd[tile_rows];
} tile_pairs;

SWL_INLINE void split_pairs(tile_pairs *pairs, size_t row, words value) {
    pairs->even[row] = (floats)(value << 16);
    pairs->odd[row] = (floats)(value & 0xFFFF0000);
}

SWL_INLINE void accumulate_pair(const tile_pairs *a, size_t lane, const uint16_t *weight, size_t rows, tile_sums v) {
    for (size_t j = 0; j < panel_vectors; j++) {
        words pairs = load_words(weight + 2 * j * lane_count);
        floats even = (floats)(pairs << 16), odd = (floats)(pairs & 0xFFFF0000);
        for (size_t r = 0; r < rows; r++) v[r][j] = multiply_add(a->even[r][lane], even, v[r][j]);
        for (size_t r = 0; r < rows; r++) v[r][j] = multiply_add(a->odd[r][lane], odd, v[r][j]);
    }
}

/// Converts weights and activations to floats. With 4 rows, 16 of the 32 registers hold sums, 8 hold activations and 3
/// hold weights.
SWL_INLINE void accumulate_pairs(const uint16_t *a, size_t stride, const uint16_t *weight, size_t inner, size_t rows,
                                 tile_sums v) {
    tile_pairs pairs;
    size_t k = 0;
    for (; k + pair_inputs <= inner; k += pair_inputs) {
        for (size_t r = 0; r < rows; r++) split_pairs(&pairs, r, load_words(a + r * stride + k));
#pragma clang loop unroll(full)
        for (size_t lane = 0; lane < lane_count; lane++, weight += 2 * SWL_VECTOR) {
            accumulate_pair(&pairs, lane, weight, rows, v);
        }
    }
    for (; k < inner; k += 2, weight += 2 * SWL_VECTOR) {
        for (size_t r = 0; r < rows; r++) {
            uint32_t pair;
            memcpy(&pair, a + r * stride + k, sizeof pair);
            split_pairs(&pairs, r, pair);
        }
        accumulate_pair(&pairs, 0, weight, rows, v);
    }
}

SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows) {
    const uint16_t *weight = (const uint16_t *)task->panel;
    const uint16_t *a = (const uint16_t *)p->a + task->row * p->a_stride;
    tile_sums v;
    clear_tile(rows, v);
    uintptr_t next = task->next;
    size_t block = 2 * block_steps;
    for (size_t k = 0; k < p->inner; k += block) {
        next = fetch_next(next, task->lines);
        accumulate_pairs(a + k, p->a_stride, weight + k * SWL_VECTOR, swl_min(block, p->inner - k), rows, v);
    }
    add_bias(p, task->column, rows, v);
    finish_tile(p, task->row, task->column, rows, v);
}

SWL_DEFINE_GEMM(swl_gemm_bf16_neon, 2)

#endif
