/// What attention in single precision and in bfloat16 share: the walk over heads, tiles of queries and panels of keys,
/// and the register tile that both products are made of.
///
/// Both work on 32-bit words: a word is a float, or a pair of bfloat16 values that are neighbours along the dimension
/// that a product sums over. Pointers to words are pointers to float in either case.
///
/// A file that includes it defines, before, SWL_TARGET, the features that its functions are compiled for, and
/// SWL_MULTIPLY_WORDS(sum, a, b), 16 words' products added to `sum`. SWL_DEFINE_TILES then makes the tiles.
#ifndef CKERNELS_AVX512_ATTENTION_H
#define CKERNELS_AVX512_ATTENTION_H

#include "../internal.h"
#include "math.h"

#define SWL_FUNCTION __attribute__((target(SWL_TARGET)))
#define SWL_INLINE static inline __attribute__((always_inline, target(SWL_TARGET)))

enum {
    /// Keys of a panel.
    swl_attention_panel = 64,
    /// Queries whose scores are held at a time.
    swl_attention_queries = 12,
};

/// C = A B for a tile of a few rows and up to 64 columns, each value one chain of fused multiply-adds over `inner`
/// words, in order, so that it doesn't depend on the tile.
typedef struct {
    const float *a, *b;
    size_t a_stride, b_stride, inner;
    float *c;
    size_t c_stride;
    /// One factor for each row of C, or null.
    const float *scale;
    /// The lanes of the last vector of B's and C's rows that there are.
    __mmask16 last;
} swl_tile;

/// The parts in which attention's variants differ.
typedef struct {
    /// Values of a word: 1 or 2.
    size_t values_per_word;
    /// Values of longer texts are packed; of others, they are used where they lie.
    size_t longest_unpacked;
    /// Packs a head's queries as rows of words, 16 or a multiple of it to a row; null to use them where they lie.
    void (*pack_queries)(const float *queries, size_t stride, size_t rows, size_t head_size, float *packed);
    /// Packs a head's keys as panels [words of a key][keys of the panel]; the last panel has a multiple of 16 keys, of
    /// which the text's last fills the places beyond the text.
    void (*pack_keys)(const float *keys, size_t stride, size_t length, size_t head_size, float *packed);
    /// Packs a head's values as rows [words over the text's tokens][head_size, rounded up to 16].
    void (*pack_values)(const float *values, size_t stride, size_t length, size_t head_size, float *packed);
    /// Turns rows of scores into words of their exponentials, in place, with 1 / their sum in `scale`.
    void (*softmax)(float *scores, size_t stride, size_t rows, size_t length, float *scale);
    /// Tiles of 1...12 rows by 1...4 vectors; those of more than 6 rows have up to 2 vectors.
    void (*const (*tiles)[4])(const swl_tile *tile);
} swl_attention_steps;

void swl_attend_avx512(const swl_attention *attention, const swl_attention_steps *steps);

#endif

#if defined(SWL_TARGET) && !defined(SWL_TILE_DEFINED)
#define SWL_TILE_DEFINED

/// The tile for constant `rows` and `vectors`: the sums live in registers once the loops are unrolled.
SWL_INLINE void tile(const swl_tile *t, size_t rows, size_t vectors) {
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
            for (size_t v = 0; v < vectors; v++) sums[i][v] = SWL_MULTIPLY_WORDS(sums[i][v], factor, row[v]);
        }
    }
    const float *scale = t->scale;
    float *c = t->c;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++, c += t->c_stride) {
        __m512 factor = scale ? _mm512_set1_ps(scale[i]) : _mm512_set1_ps(1.0f);
#pragma clang loop unroll(full)
        for (size_t v = 0; v + 1 < vectors; v++) _mm512_storeu_ps(c + 16 * v, _mm512_mul_ps(sums[i][v], factor));
        __m512 end = _mm512_mul_ps(sums[i][vectors - 1], factor);
        // What a masked store has written must reach the cache before it can be loaded: scores are read at once.
        if (last == 0xFFFF) {
            _mm512_storeu_ps(c + 16 * (vectors - 1), end);
        } else {
            _mm512_mask_storeu_ps(c + 16 * (vectors - 1), last, end);
        }
    }
}

#define SWL_TILE(rows, vectors)                                                                                       \
    static SWL_FUNCTION void tile_##rows##x##vectors(const swl_tile *t) { tile(t, rows, vectors); }
#define SWL_NARROW_TILES(rows) SWL_TILE(rows, 1) SWL_TILE(rows, 2)
#define SWL_TILES(rows) SWL_NARROW_TILES(rows) SWL_TILE(rows, 3) SWL_TILE(rows, 4)
#define SWL_NARROW_ROW(rows) {tile_##rows##x1, tile_##rows##x2, NULL, NULL}
#define SWL_TILE_ROW(rows) {tile_##rows##x1, tile_##rows##x2, tile_##rows##x3, tile_##rows##x4}
/// Defines the tiles and their table.
#define SWL_DEFINE_TILES                                                                                              \
    SWL_TILES(1) SWL_TILES(2) SWL_TILES(3) SWL_TILES(4) SWL_TILES(5) SWL_TILES(6)                                     \
    SWL_NARROW_TILES(7) SWL_NARROW_TILES(8) SWL_NARROW_TILES(9)                                                       \
    SWL_NARROW_TILES(10) SWL_NARROW_TILES(11) SWL_NARROW_TILES(12)                                                    \
    static void (*const tiles[12][4])(const swl_tile *) = {                                                           \
        SWL_TILE_ROW(1), SWL_TILE_ROW(2), SWL_TILE_ROW(3), SWL_TILE_ROW(4), SWL_TILE_ROW(5), SWL_TILE_ROW(6),         \
        SWL_NARROW_ROW(7), SWL_NARROW_ROW(8), SWL_NARROW_ROW(9), SWL_NARROW_ROW(10), SWL_NARROW_ROW(11),              \
        SWL_NARROW_ROW(12),                                                                                           \
    };

#endif
