#include "../internal.h"

#if SWL_ARM64

#define SWL_TARGET "i8mm"
#define SWL_ROW_GROUP 2
#define SWL_BLOCK_STEPS 16
#include "lanes.h"

#include "../lanes/gemm_int8.h"

#include <arm_neon.h>

typedef int32x4_t squared_sums;

SWL_INLINE squared_sums add_square(squared_sums sums, uint8x16_t rows, uint8x16_t columns) {
    return vusmmlaq_s32(sums, rows, vreinterpretq_s8_u8(columns));
}

#include "squares.h"

SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows) {
    tile_squares sums;
    SWL_UNROLL for (size_t j = 0; j < step_vectors; j++) {
        // The negative of the amount that A's zero point adds.
        int32x2_t start = vmul_n_s32(vld1_s32(p->weight_sum + task->column + 2 * j), -p->a_zero_point);
        SWL_UNROLL for (size_t i = 0; 2 * i < rows; i++) sums[i][j] = vcombine_s32(start, start);
    }
    multiply_squares(p, task, sizeof(uint8_t), rows, sums);
    tile_totals totals;
    SWL_UNROLL for (size_t r = 0; r < rows; r++) {
        SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) totals[r][j] = (integers)row_sums(sums, r, j);
    }
    finish_totals(p, task->row, task->column, rows, totals);
}

SWL_DEFINE_GEMM(swl_gemm_int8_neoni8mm, 4)

#endif
