#include "../internal.h"

#if SWL_X86

#define SWL_TARGET SWL_AVX512_FEATURES
#include "gemm.h"

/// For CPUs without vdpbf16ps: converts weights and activations to floats, the even inputs by a shift and the odd ones
/// by a mask.
SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows, size_t vectors) {
    const uint16_t *weight = (const uint16_t *)task->panel;
    const uint16_t *a = (const uint16_t *)p->a + task->row * p->a_stride;
    size_t inner = p->inner, stride = p->a_stride;
    __m512i odd = _mm512_set1_epi32((int32_t)0xFFFF0000);
    __m512 v[tile_rows][tile_vectors];
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < vectors; j++) v[r][j] = _mm512_setzero_ps();
    }
    uintptr_t next = task->next;
    for (size_t k = 0; k < inner;) {
        next = fetch_next(next, task->lines);
        for (size_t end = swl_min(k + 2 * block_steps, inner); k < end; k += 2, weight += 2 * vectors * SWL_VECTOR) {
            __m512 first[tile_vectors], second[tile_vectors];
            for (size_t j = 0; j < vectors; j++) {
                __m512i pairs = _mm512_loadu_si512(weight + 2 * j * SWL_VECTOR);
                first[j] = _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16));
                second[j] = _mm512_castsi512_ps(_mm512_and_si512(pairs, odd));
            }
            for (size_t r = 0; r < rows; r++) {
                __m512i pair = _mm512_set1_epi32(load_word(a + r * stride + k));
                __m512 value = _mm512_castsi512_ps(_mm512_slli_epi32(pair, 16));
                for (size_t j = 0; j < vectors; j++) v[r][j] = _mm512_fmadd_ps(value, first[j], v[r][j]);
                value = _mm512_castsi512_ps(_mm512_and_si512(pair, odd));
                for (size_t j = 0; j < vectors; j++) v[r][j] = _mm512_fmadd_ps(value, second[j], v[r][j]);
            }
        }
    }
    add_bias(p, task->column, rows, vectors, v);
    finish_tile(p, task->row, task->column, rows, vectors, v);
}

SWL_DEFINE_GEMM(swl_gemm_bf16_avx512, 2)

SWL_FUNCTION void swl_narrow_rows_avx512(const float *source, size_t source_stride, size_t rows, size_t columns,
                                         uint16_t *target, size_t target_stride) {
    narrow_rows(source, source_stride, rows, columns, target, target_stride);
}

#endif
