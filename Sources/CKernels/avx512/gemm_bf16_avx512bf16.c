#include "../internal.h"

#if SWL_X86

#define SWL_TARGET SWL_AVX512_FEATURES ",avx512bf16"
#define SWL_NARROW_BF16
#include "gemm.h"

SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows, size_t vectors) {
    const uint16_t *weight = (const uint16_t *)task->panel;
    const uint16_t *a = (const uint16_t *)p->a + task->row * p->a_stride;
    size_t inner = p->inner, stride = p->a_stride;
    __m512 v[tile_rows][tile_vectors];
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < vectors; j++) v[r][j] = _mm512_setzero_ps();
    }
    uintptr_t next = task->next;
    for (size_t k = 0; k < inner;) {
        next = fetch_next(next, task->lines);
        for (size_t end = swl_min(k + 2 * block_steps, inner); k < end; k += 2, weight += 2 * vectors * SWL_VECTOR) {
            __m512bh w[tile_vectors];
            for (size_t j = 0; j < vectors; j++) w[j] = (__m512bh)_mm512_loadu_si512(weight + 2 * j * SWL_VECTOR);
            for (size_t r = 0; r < rows; r++) {
                __m512bh pair = (__m512bh)_mm512_set1_epi32(load_word(a + r * stride + k));
                for (size_t j = 0; j < vectors; j++) v[r][j] = _mm512_dpbf16_ps(v[r][j], pair, w[j]);
            }
        }
    }
    add_bias(p, task->column, rows, vectors, v);
    finish_tile(p, task->row, task->column, rows, vectors, v);
}

SWL_DEFINE_GEMM(swl_gemm_bf16_avx512bf16, 2)

SWL_FUNCTION void swl_narrow_rows_avx512bf16(const float *source, size_t source_stride, size_t rows, size_t columns,
                                             uint16_t *target, size_t target_stride) {
    narrow_rows(source, source_stride, rows, columns, target, target_stride);
}

#endif
