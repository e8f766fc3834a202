#include "../internal.h"

#if SWL_X86

#define SWL_TARGET SWL_AVX512_FEATURES
#include "gemm.h"

/// The most rows whose products widen weights in registers: two tiles.
enum { widening_rows = 2 * tile_rows };

SWL_INLINE __m512 even_inputs(__m512i pairs) { return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)); }

SWL_INLINE __m512 odd_inputs(__m512i pairs) {
    return _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32((int32_t)0xFFFF0000)));
}

static SWL_FUNCTION void widen_panel(const uint16_t *panel, size_t width, size_t steps, float *widened) {
    for (size_t k = 0; k < steps; k += 2, panel += 2 * width, widened += 2 * width) {
        for (size_t column = 0; column < width; column += SWL_VECTOR) {
            __m512i pairs = _mm512_loadu_si512(panel + 2 * column);
            _mm512_storeu_ps(widened + column, even_inputs(pairs));
            _mm512_storeu_ps(widened + width + column, odd_inputs(pairs));
        }
    }
}

/// Computes one step.
SWL_INLINE void accumulate_step(const float *a, size_t stride, const __m512 w[tile_vectors], size_t rows,
                                size_t vectors, __m512 v[tile_rows][tile_vectors]) {
    for (size_t r = 0; r < rows; r++) {
        __m512 value = _mm512_set1_ps(a[r * stride]);
        for (size_t j = 0; j < vectors; j++) v[r][j] = _mm512_fmadd_ps(value, w[j], v[r][j]);
    }
}

/// For CPUs without vdpbf16ps, or with a slow one: A is in floats, and weights are widened to floats in registers, the
/// even inputs by a shift and the odd ones by a mask.
SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows, size_t vectors) {
    const uint16_t *weight = (const uint16_t *)task->panel;
    const float *a = (const float *)p->a + task->row * p->a_stride;
    size_t inner = p->inner, stride = p->a_stride, pairs = inner / 2 * 2;
    __m512 v[tile_rows][tile_vectors], w[tile_vectors];
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < vectors; j++) v[r][j] = _mm512_setzero_ps();
    }
    uintptr_t next = task->next;
    for (size_t k = 0; k < pairs;) {
        next = fetch_next(next, task->lines);
        for (size_t end = swl_min(k + 2 * block_steps, pairs); k < end; k += 2, weight += 2 * vectors * SWL_VECTOR) {
            for (size_t j = 0; j < vectors; j++) {
                w[j] = even_inputs(_mm512_loadu_si512(weight + 2 * j * SWL_VECTOR));
            }
            accumulate_step(a + k, stride, w, rows, vectors, v);
            for (size_t j = 0; j < vectors; j++) {
                w[j] = odd_inputs(_mm512_loadu_si512(weight + 2 * j * SWL_VECTOR));
            }
            accumulate_step(a + k + 1, stride, w, rows, vectors, v);
        }
    }
    if (pairs < inner) {
        for (size_t j = 0; j < vectors; j++) w[j] = even_inputs(_mm512_loadu_si512(weight + 2 * j * SWL_VECTOR));
        accumulate_step(a + pairs, stride, w, rows, vectors, v);
    }
    add_bias(p, task->column, rows, vectors, v);
    finish_tile(p, task->row, task->column, rows, vectors, v);
}

SWL_DEFINE_TILES

void swl_gemm_bf16_avx512(const swl_gemm *p) {
    if (p->widened && p->rows > widening_rows) {
        swl_gemm_widened(p, panel_columns, widen_panel, swl_gemm_f32_avx512);
    } else {
        multiply_panels(p, (p->inner + 1) / 2, tiles);
    }
}

SWL_FUNCTION void swl_narrow_rows_avx512(const float *source, size_t source_stride, size_t rows, size_t columns,
                                         uint16_t *target, size_t target_stride) {
    narrow_rows(source, source_stride, rows, columns, target, target_stride);
}

#endif
