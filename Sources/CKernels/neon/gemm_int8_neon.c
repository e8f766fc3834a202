#include "../internal.h"

#if SWL_ARM64

#define SWL_TILE_ROWS 2
#include "lanes.h"

#include "../lanes/gemm_int8.h"

#include <arm_neon.h>

/// Sums of the products of two neighbouring inputs; a register holds two columns.
typedef int32x4_t tile_halves[tile_rows][2 * panel_vectors];

/// Four activations, twice, as a - 128: flipping the highest bit makes them signed.
SWL_INLINE int8x8_t load_quad(const uint8_t *source) {
    uint32_t quad;
    memcpy(&quad, source, sizeof quad);
    return vreinterpret_s8_u32(vdup_n_u32(quad ^ 0x80808080));
}

/// For CPUs without sdot: adds the products of two steps as words, which can hold 2 * 128 * 127, and then widens them
/// in pairs.
///
/// With 2 rows, 16 of the 32 registers hold sums, 4 hold activations, 2 hold weights and 1 holds products.
SWL_INLINE void accumulate_bytes(const uint8_t *a, size_t stride, const int8_t *weight, size_t inner, size_t rows,
                                 tile_halves sums) {
    for (size_t k = 0; k < inner; k += 8) {
        const int8_t *first_weight = weight + k * SWL_VECTOR;
        // If there is no second step, the first step's weights are multiplied by 0 the second time.
        bool both = k + 4 < inner;
        const int8_t *second_weight = both ? first_weight + 4 * SWL_VECTOR : first_weight;
        int8x8_t first[tile_rows], second[tile_rows];
        SWL_UNROLL for (size_t r = 0; r < rows; r++) {
            first[r] = load_quad(a + r * stride + k);
            second[r] = both ? load_quad(a + r * stride + k + 4) : vdup_n_s8(0);
        }
        for (size_t j = 0; j < 2 * panel_vectors; j++) {
            int8x8_t w = vld1_s8(first_weight + 8 * j), second_w = vld1_s8(second_weight + 8 * j);
            SWL_UNROLL for (size_t r = 0; r < rows; r++) {
                int16x8_t products = vmlal_s8(vmull_s8(w, first[r]), second_w, second[r]);
                sums[r][j] = vpadalq_s16(sums[r][j], products);
            }
        }
    }
}

SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows) {
    const int8_t *weight = (const int8_t *)task->panel;
    const uint8_t *a = (const uint8_t *)p->a + task->row * p->a_stride;
    tile_halves sums;
    SWL_UNROLL for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < 2 * panel_vectors; j++) sums[r][j] = vdupq_n_s32(0);
    }
    uintptr_t next = task->next;
    size_t block = 4 * block_steps;
    for (size_t k = 0; k < p->inner; k += block) {
        next = fetch_next(next, task->lines);
        accumulate_bytes(a + k, p->a_stride, weight + k * SWL_VECTOR, swl_min(block, p->inner - k), rows, sums);
    }
    tile_totals totals;
    start_totals(p, p->a_zero_point - 128, task->column, rows, totals);
    SWL_UNROLL for (size_t r = 0; r < rows; r++) {
        SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) {
            totals[r][j] += (integers)vpaddq_s32(sums[r][2 * j], sums[r][2 * j + 1]);
        }
    }
    finish_totals(p, task->row, task->column, rows, totals);
}

SWL_DEFINE_GEMM(swl_gemm_int8_neon, 4)

#endif
