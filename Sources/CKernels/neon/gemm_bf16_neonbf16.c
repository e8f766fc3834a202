#include "../internal.h"

#if SWL_ARM64

#define SWL_TARGET "bf16"
#define SWL_NARROW_BF16
#define SWL_ROW_GROUP 2
#define SWL_BLOCK_STEPS 16
#include "lanes.h"

#include "../lanes/gemm.h"
#include "../lanes/narrow.h"

typedef float32x4_t squared_sums;

/// bfmmla adds the products of two inputs, and then those of the next two. It treats subnormal numbers as zero, and
/// rounds to odd.
SWL_INLINE squared_sums add_square(squared_sums sums, uint8x16_t rows, uint8x16_t columns) {
    return vbfmmlaq_f32(sums, (bfloat16x8_t)rows, (bfloat16x8_t)columns);
}

#include "squares.h"

SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows) {
    tile_squares sums;
    SWL_UNROLL for (size_t i = 0; 2 * i < rows; i++) {
        SWL_UNROLL for (size_t j = 0; j < step_vectors; j++) sums[i][j] = vdupq_n_f32(0);
    }
    multiply_squares(p, task, sizeof(uint16_t), rows, sums);
    tile_sums v;
    SWL_UNROLL for (size_t r = 0; r < rows; r++) {
        SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) v[r][j] = (floats)row_sums(sums, r, j);
    }
    add_bias(p, task->column, rows, v);
    finish_tile(p, task->row, task->column, rows, v);
}

SWL_DEFINE_GEMM(swl_gemm_bf16_neonbf16, 2)

SWL_FUNCTION void swl_narrow_rows_neonbf16(const float *source, size_t source_stride, size_t rows, size_t columns,
                                           uint16_t *target, size_t target_stride) {
    narrow_rows(source, source_stride, rows, columns, target, target_stride);
}

#endif
