/// Products with weights in bfloat16 for CPUs that multiply floats faster: A is in floats, and weights are widened, the
/// even inputs by a shift and the odd ones by a mask.
///
/// With few rows, each tile widens them in registers, so that nothing is written. With more than `widening_rows` rows,
/// a panel is widened into memory once for all tiles. A file defines `widening_rows` before it includes this one, and
/// for weights that are widened in registers `accumulate_pairs`, the inner loop, and `accumulate_even`, for a last
/// input without a pair.
#ifndef CKERNELS_LANES_WIDEN_H
#define CKERNELS_LANES_WIDEN_H

#include "gemm.h"

static SWL_FUNCTION void widen_panel(const uint16_t *panel, size_t width, size_t steps, float *widened) {
    for (size_t k = 0; k < steps; k += 2, panel += 2 * width, widened += 2 * width) {
        for (size_t column = 0; column < width; column += lane_count) {
            words pairs = load_words(panel + 2 * column);
            store_floats(widened + column, even_inputs(pairs));
            store_floats(widened + width + column, odd_inputs(pairs));
        }
    }
}

SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows) {
    const uint16_t *weight = (const uint16_t *)task->panel;
    const float *a = (const float *)p->a + task->row * p->a_stride;
    tile_sums v;
    clear_tile(rows, v);
    uintptr_t next = task->next;
    size_t block = 2 * block_steps, pairs = p->inner / 2 * 2;
    for (size_t k = 0; k < pairs; k += block) {
        next = fetch_next(next, task->lines);
        accumulate_pairs(a + k, p->a_stride, weight + k * SWL_VECTOR, swl_min(block, pairs - k), rows, v);
    }
    if (pairs < p->inner) accumulate_even(a + pairs, p->a_stride, weight + pairs * SWL_VECTOR, rows, v);
    add_bias(p, task->column, rows, v);
    finish_tile(p, task->row, task->column, rows, v);
}

#define SWL_DEFINE_WIDENING_GEMM(isa)                                                                                 \
    SWL_TILES                                                                                                         \
    void swl_gemm_bf16_##isa(const swl_gemm *p) {                                                                     \
        static const tile_function tiles[tile_rows] = SWL_TILE_LIST;                                                  \
        if (p->widened && p->rows > widening_rows) {                                                                  \
            swl_gemm_widened(p, SWL_VECTOR, widen_panel, swl_gemm_f32_##isa);                                         \
        } else {                                                                                                      \
            multiply_panels(p, (p->inner + 1) / 2, tiles);                                                            \
        }                                                                                                             \
    }

#endif
