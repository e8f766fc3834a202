#include "../internal.h"

#if SWL_X86

#define SWL_TARGET SWL_AVX512_FEATURES
#include "gemm_int8.h"

/// For CPUs without vpdpbusd: widens bytes to words, those at even places and those at odd places separately, for
/// vpmaddwd, which is exact.
SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows, size_t vectors) {
    const int8_t *weight = (const int8_t *)task->panel;
    const uint8_t *a = (const uint8_t *)p->a + task->row * p->a_stride;
    size_t inner = p->inner, stride = p->a_stride;
    __m512i total[tile_rows][tile_vectors];
    start_totals(p, task->column, rows, vectors, total);
    __m512i low_bytes = _mm512_set1_epi16(0xFF);
    uintptr_t next = task->next;
    for (size_t k = 0; k < inner;) {
        next = fetch_next(next, task->lines);
        for (size_t end = swl_min(k + 4 * block_steps, inner); k < end; k += 4, weight += 4 * vectors * SWL_VECTOR) {
            __m512i even[tile_vectors], odd[tile_vectors];
            SWL_UNROLL for (size_t j = 0; j < vectors; j++) {
                __m512i quads = _mm512_loadu_si512(weight + 4 * j * SWL_VECTOR);
                even[j] = _mm512_srai_epi16(_mm512_slli_epi16(quads, 8), 8);
                odd[j] = _mm512_srai_epi16(quads, 8);
            }
            SWL_UNROLL for (size_t r = 0; r < rows; r++) {
                __m512i quad = _mm512_set1_epi32(load_word(a + r * stride + k));
                __m512i first = _mm512_and_si512(quad, low_bytes), second = _mm512_srli_epi16(quad, 8);
                SWL_UNROLL for (size_t j = 0; j < vectors; j++) {
                    __m512i pairs = _mm512_madd_epi16(first, even[j]);
                    pairs = _mm512_add_epi32(pairs, _mm512_madd_epi16(second, odd[j]));
                    total[r][j] = _mm512_add_epi32(total[r][j], pairs);
                }
            }
        }
    }
    finish_totals(p, task->row, task->column, rows, vectors, total);
}

SWL_DEFINE_GEMM(swl_gemm_int8_avx512, 4)

#endif
