#include "../internal.h"

#if SWL_X86

#define SWL_TARGET "avx2,fma,avxvnni"
#include "lanes.h"

#include "../lanes/gemm_int8.h"

#include <immintrin.h>

SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows) {
    const int8_t *weight = (const int8_t *)task->panel;
    const uint8_t *a = (const uint8_t *)p->a + task->row * p->a_stride;
    size_t inner = p->inner, stride = p->a_stride;
    tile_totals totals;
    start_totals(p, p->a_zero_point, task->column, rows, totals);
    uintptr_t next = task->next;
    for (size_t k = 0; k < inner;) {
        next = fetch_next(next, task->lines);
        for (size_t end = swl_min(k + 4 * block_steps, inner); k < end; k += 4, weight += 4 * SWL_VECTOR) {
            __m256i w[panel_vectors];
            SWL_UNROLL
            for (size_t j = 0; j < panel_vectors; j++) w[j] = (__m256i)load_words(weight + 4 * j * lane_count);
            SWL_UNROLL for (size_t r = 0; r < rows; r++) {
                uint32_t word;
                memcpy(&word, a + r * stride + k, sizeof word);
                __m256i quad = _mm256_set1_epi32((int32_t)word);
                SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) {
                    totals[r][j] = (integers)_mm256_dpbusd_avx_epi32((__m256i)totals[r][j], quad, w[j]);
                }
            }
        }
    }
    finish_totals(p, task->row, task->column, rows, totals);
}

SWL_DEFINE_GEMM(swl_gemm_int8_avxvnni, 4)

#endif
