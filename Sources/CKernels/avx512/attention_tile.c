#include "../internal.h"

#if SWL_X86

#include "attention_tile.h"

/// The tile for constant `rows` and `vectors`: the accumulators live in registers once the loops are unrolled.
SWL_AVX512_INLINE void tile(const swl_tile *t, size_t rows, size_t vectors) {
    const float *a = t->a, *b = t->b;
    size_t a_stride = t->a_stride, b_stride = t->b_stride;
    __mmask16 last = t->last;
    __m512 sums[12][4];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) sums[i][v] = _mm512_setzero_ps();
    }
    for (size_t k = 0; k < t->inner; k++, a++, b += b_stride) {
        __m512 row[4];
#pragma clang loop unroll(full)
        for (size_t v = 0; v + 1 < vectors; v++) row[v] = _mm512_loadu_ps(b + 16 * v);
        row[vectors - 1] = _mm512_maskz_loadu_ps(last, b + 16 * (vectors - 1));
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows; i++) {
            __m512 factor = _mm512_set1_ps(a[i * a_stride]);
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++) sums[i][v] = _mm512_fmadd_ps(factor, row[v], sums[i][v]);
        }
    }
    const float *scale = t->scale;
    float *c = t->c;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++, c += t->c_stride) {
        __m512 factor = scale ? _mm512_set1_ps(scale[i]) : _mm512_set1_ps(1.0f);
#pragma clang loop unroll(full)
        for (size_t v = 0; v + 1 < vectors; v++) _mm512_storeu_ps(c + 16 * v, _mm512_mul_ps(sums[i][v], factor));
        _mm512_mask_storeu_ps(c + 16 * (vectors - 1), last, _mm512_mul_ps(sums[i][vectors - 1], factor));
    }
}

#define TILE(rows, vectors)                                                                                           \
    static SWL_AVX512 void tile_##rows##x##vectors(const swl_tile *t) { tile(t, rows, vectors); }
#define TILES(rows) TILE(rows, 1) TILE(rows, 2) TILE(rows, 3) TILE(rows, 4)
TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6)
TILE(7, 1) TILE(7, 2) TILE(8, 1) TILE(8, 2) TILE(9, 1) TILE(9, 2)
TILE(10, 1) TILE(10, 2) TILE(11, 1) TILE(11, 2) TILE(12, 1) TILE(12, 2)

#define ENTRY(rows) {tile_##rows##x1, tile_##rows##x2, tile_##rows##x3, tile_##rows##x4}
#define NARROW_ENTRY(rows) {tile_##rows##x1, tile_##rows##x2, NULL, NULL}

void swl_tile_avx512(const swl_tile *t, size_t rows, size_t vectors) {
    static void (*const tiles[12][4])(const swl_tile *) = {
        ENTRY(1), ENTRY(2), ENTRY(3), ENTRY(4), ENTRY(5), ENTRY(6),
        NARROW_ENTRY(7), NARROW_ENTRY(8), NARROW_ENTRY(9), NARROW_ENTRY(10), NARROW_ENTRY(11), NARROW_ENTRY(12),
    };
    tiles[rows - 1][vectors - 1](t);
}

#endif
