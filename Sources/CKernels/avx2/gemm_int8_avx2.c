#include "../internal.h"

#if SWL_X86

#define SWL_TILE_ROWS 4
#include "lanes.h"

#include "../lanes/gemm_int8.h"

#include <immintrin.h>

/// Widens bytes to words, those at even places and those at odd places separately, for vpmaddwd. vpmaddwd is exact,
/// whereas vpmaddubsw saturates.
///
/// With 4 rows, 8 of the 16 registers hold sums, 4 hold weights, 2 hold activations and 1 holds a product.
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
            __m256i even[panel_vectors], odd[panel_vectors];
            SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) {
                __m256i quads = (__m256i)load_words(weight + 4 * j * lane_count);
                even[j] = _mm256_srai_epi16(_mm256_slli_epi16(quads, 8), 8);
                odd[j] = _mm256_srai_epi16(quads, 8);
            }
            SWL_UNROLL for (size_t r = 0; r < rows; r++) {
                uint32_t word;
                memcpy(&word, a + r * stride + k, sizeof word);
                __m256i quad = _mm256_set1_epi32((int32_t)word), second = _mm256_srli_epi16(quad, 8);
                __m256i first = _mm256_and_si256(quad, _mm256_set1_epi16(0xFF));
                SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) {
                    totals[r][j] += (integers)_mm256_madd_epi16(first, even[j]);
                    totals[r][j] += (integers)_mm256_madd_epi16(second, odd[j]);
                }
            }
        }
    }
    finish_totals(p, task->row, task->column, rows, totals);
}

SWL_DEFINE_GEMM(swl_gemm_int8_avx2, 4)

#endif
