#include "../internal.h"

#if SWL_X86

#define SWL_TILE_ROWS 5
#include "lanes.h"

#include "../lanes/gemm.h"

/// A pair of activations, the same in each lane. The empty assembly hides that from the compiler, which would otherwise
/// split the pair before it broadcasts it, outside of the vector units.
SWL_INLINE words load_pair(const uint16_t *source) {
    uint32_t pair;
    memcpy(&pair, source, sizeof pair);
    words pairs = pair;
    __asm__("" : "+x"(pairs));
    return pairs;
}

/// Converts weights and activations to floats: the even inputs by a shift, the odd ones by a mask. It does so one after
/// the other, because there are registers for only one kind of weights. With 5 rows, 10 of the 16 registers hold sums.
SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows) {
    const uint16_t *weight = (const uint16_t *)task->panel;
    const uint16_t *a = (const uint16_t *)p->a + task->row * p->a_stride;
    size_t inner = p->inner, stride = p->a_stride;
    tile_sums v;
    clear_tile(rows, v);
    uintptr_t next = task->next;
    for (size_t k = 0; k < inner;) {
        next = fetch_next(next, task->lines);
        for (size_t end = swl_min(k + 2 * block_steps, inner); k < end; k += 2, weight += 2 * SWL_VECTOR) {
            floats w[panel_vectors];
            for (size_t j = 0; j < panel_vectors; j++) w[j] = (floats)(load_words(weight + 2 * j * lane_count) << 16);
            for (size_t r = 0; r < rows; r++) {
                floats value = (floats)(load_pair(a + r * stride + k) << 16);
                for (size_t j = 0; j < panel_vectors; j++) v[r][j] = multiply_add(value, w[j], v[r][j]);
            }
            // Makes the compiler load the values again, because no register is left to keep them.
            __asm__("" : "+r"(weight), "+r"(a));
            for (size_t j = 0; j < panel_vectors; j++) {
                w[j] = (floats)(load_words(weight + 2 * j * lane_count) & 0xFFFF0000);
            }
            for (size_t r = 0; r < rows; r++) {
                floats value = (floats)(load_pair(a + r * stride + k) & 0xFFFF0000);
                for (size_t j = 0; j < panel_vectors; j++) v[r][j] = multiply_add(value, w[j], v[r][j]);
            }
        }
    }
    add_bias(p, task->column, rows, v);
    finish_tile(p, task->row, task->column, rows, v);
}

SWL_DEFINE_GEMM(swl_gemm_bf16_avx2, 2)

#endif
