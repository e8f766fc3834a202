/// The product of floats, over an instruction set's `accumulate`.
#ifndef CKERNELS_LANES_GEMM_F32_H
#define CKERNELS_LANES_GEMM_F32_H

#include "gemm.h"

SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows) {
    const float *weight = (const float *)task->panel;
    const float *a = (const float *)p->a + task->row * p->a_stride;
    tile_sums v;
    clear_tile(rows, v);
    uintptr_t next = task->next;
    for (size_t k = 0; k < p->inner; k += block_steps) {
        next = fetch_next(next, task->lines);
        accumulate(a + k, p->a_stride, weight + k * SWL_VECTOR, swl_min(block_steps, p->inner - k), rows, v);
    }
    add_bias(p, task->column, rows, v);
    finish_tile(p, task->row, task->column, rows, v);
}

#endif
