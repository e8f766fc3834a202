#include "../internal.h"

#if SWL_X86

#define SWL_TARGET SWL_AVX512_FEATURES
#include "gemm.h"

SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows, size_t vectors) {
    const float *weight = (const float *)task->panel;
    const float *a = (const float *)p->a + task->row * p->a_stride;
    size_t inner = p->inner, stride = p->a_stride;
    __m512 v[tile_rows][tile_vectors];
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < vectors; j++) v[r][j] = _mm512_setzero_ps();
    }
    uintptr_t next = task->next;
    for (size_t k = 0; k < inner;) {
        next = fetch_next(next, task->lines);
        for (size_t end = swl_min(k + block_steps, inner); k < end; k++, weight += vectors * SWL_VECTOR) {
            __m512 w[tile_vectors];
            for (size_t j = 0; j < vectors; j++) w[j] = _mm512_loadu_ps(weight + j * SWL_VECTOR);
            for (size_t r = 0; r < rows; r++) {
                __m512 value = _mm512_set1_ps(a[r * stride + k]);
                for (size_t j = 0; j < vectors; j++) v[r][j] = _mm512_fmadd_ps(value, w[j], v[r][j]);
            }
        }
    }
    add_bias(p, task->column, rows, vectors, v);
    finish_tile(p, task->row, task->column, rows, vectors, v);
}

SWL_DEFINE_GEMM(swl_gemm_f32_avx512, 1)

#endif
