#include "../internal.h"

#if SWL_ARM64

#define SWL_TARGET "dotprod"
#include "lanes.h"

#include "../lanes/gemm_int8.h"

#include <arm_neon.h>

/// sdot multiplies signed bytes only, so A is read as a - 128, by flipping the highest bit.
SWL_INLINE int8x16_t signed_bytes(uint8x16_t a) { return vreinterpretq_s8_u8(veorq_u8(a, vdupq_n_u8(0x80))); }

/// The number of inputs in a vector of bytes, which is four steps.
enum { vector_inputs = 16 };

#define SWL_ACCUMULATE_QUAD(a, lane, weight)                                                                          \
    SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) {                                                           \
        int8x16_t w = vld1q_s8((weight) + (4 * SWL_VECTOR) * (lane) + 16 * j);                                        \
        SWL_UNROLL for (size_t r = 0; r < rows; r++) {                                                                \
            totals[r][j] = (integers)vdotq_laneq_s32((int32x4_t)totals[r][j], w, (a)[r], lane);                       \
        }                                                                                                             \
    }

/// Adds the products of a vector's inputs. With 6 rows, 24 of the 32 registers hold sums, 6 hold activations and 2 hold
/// weights.
SWL_INLINE void accumulate_vector(const uint8_t *a, size_t stride, const int8_t *weight, size_t rows,
                                  tile_totals totals) {
    int8x16_t values[tile_rows];
    SWL_UNROLL for (size_t r = 0; r < rows; r++) values[r] = signed_bytes(vld1q_u8(a + r * stride));
    SWL_ACCUMULATE_QUAD(values, 0, weight)
    SWL_ACCUMULATE_QUAD(values, 1, weight)
    SWL_ACCUMULATE_QUAD(values, 2, weight)
    SWL_ACCUMULATE_QUAD(values, 3, weight)
}

SWL_INLINE void accumulate_bytes(const uint8_t *a, size_t stride, const int8_t *weight, size_t inner, size_t rows,
                                 tile_totals totals) {
    size_t k = 0;
    for (; k + vector_inputs <= inner; k += vector_inputs, weight += vector_inputs * SWL_VECTOR) {
        accumulate_vector(a + k, stride, weight, rows, totals);
    }
    for (; k < inner; k += 4, weight += 4 * SWL_VECTOR) {
        int8x16_t values[tile_rows];
        SWL_UNROLL for (size_t r = 0; r < rows; r++) {
            uint32_t quad;
            memcpy(&quad, a + r * stride + k, sizeof quad);
            values[r] = signed_bytes(vreinterpretq_u8_u32(vdupq_n_u32(quad)));
        }
        SWL_ACCUMULATE_QUAD(values, 0, weight)
    }
}

SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows) {
    const int8_t *weight = (const int8_t *)task->panel;
    const uint8_t *a = (const uint8_t *)p->a + task->row * p->a_stride;
    tile_totals totals;
    start_totals(p, p->a_zero_point - 128, task->column, rows, totals);
    uintptr_t next = task->next;
    size_t block = 4 * block_steps;
    for (size_t k = 0; k < p->inner; k += block) {
        next = fetch_next(next, task->lines);
        size_t inputs = p->inner - k;
        if (inputs < block) {
            accumulate_bytes(a + k, p->a_stride, weight + k * SWL_VECTOR, inputs, rows, totals);
            continue;
        }
        SWL_UNROLL for (size_t i = 0; i < 4 * block_steps; i += vector_inputs) {
            accumulate_vector(a + k + i, p->a_stride, weight + (k + i) * SWL_VECTOR, rows, totals);
        }
    }
    finish_totals(p, task->row, task->column, rows, totals);
}

SWL_DEFINE_GEMM(swl_gemm_int8_neondotprod, 4)

#endif
