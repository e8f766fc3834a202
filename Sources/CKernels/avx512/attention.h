/// The parts that attention in single precision and in bfloat16 share: the loops over heads, tiles of queries and
/// panels of keys, and the register block from which both products are built.
///
/// Both work on 32-bit words: a word is a float, or a pair of bfloat16 values that are neighbours along the dimension
/// that a product sums over. Pointers to words are pointers to float in either case.
///
/// Before a file includes this one, it defines SWL_TARGET, the features that its functions are compiled for, and
/// SWL_MULTIPLY_WORDS(sum, a, b), which adds the products of 16 words to `sum`. SWL_DEFINE_BLOCKS then makes the
/// blocks.
#ifndef CKERNELS_AVX512_ATTENTION_H
#define CKERNELS_AVX512_ATTENTION_H

#include "../internal.h"
#include "math.h"

enum {
    /// The number of keys of a panel.
    swl_attention_panel = 64,
    /// The number of queries whose scores are held at a time.
    swl_attention_queries = 12,
};

/// C = A B for a block of a few rows and up to 64 columns. Each value is one chain of fused multiply-adds over `inner`
/// words in order, so the value doesn't depend on the block.
typedef struct {
    const float *a, *b;
    size_t a_stride, b_stride, inner;
    float *c;
    size_t c_stride;
    /// One factor for each row of C, or null.
    const float *scale;
    /// The lanes of the last vector that belong to the rows of B and C.
    __mmask16 last;
} swl_block;

/// The steps in which attention's variants differ.
typedef struct {
    /// The number of values in a word: 1 or 2.
    size_t values_per_word;
    /// The values matrix of a text longer than this is packed; that of a shorter text is read in place.
    size_t longest_unpacked;
    /// Packs a head's queries as rows of words; the length of a row is a multiple of 16. Null to read the queries in
    /// place.
    void (*pack_queries)(const float *queries, size_t stride, size_t rows, size_t head_size, float *packed);
    /// Packs a head's keys as panels [words of a key][keys of the panel]. The last panel has a multiple of 16 keys; the
    /// text's last key fills the places beyond the text.
    void (*pack_keys)(const float *keys, size_t stride, size_t length, size_t head_size, float *packed);
    /// Packs a head's values as rows [words over the text's tokens][head_size, rounded up to 16].
    void (*pack_values)(const float *values, size_t stride, size_t length, size_t head_size, float *packed);
    /// Replaces rows of scores by words of their exponentials, in place, and writes 1 / the sum of each row to `scale`.
    void (*softmax)(float *scores, size_t stride, size_t rows, size_t length, float *scale);
    /// Blocks of 1...12 rows by 1...4 vectors; blocks of more than 6 rows have at most 2 vectors.
    void (*const (*blocks)[4])(const swl_block *block);
} swl_attention_steps;

void swl_attend_avx512(const swl_attention *attention, const swl_attention_steps *steps);

/// Four lanes of 128 bits, one from each fourth row.
SWL_AVX512_INLINE __m512 swl_gather_quarters(const float *const rows[], size_t column) {
    __m512 quarters = _mm512_castps128_ps512(_mm_loadu_ps(rows[0] + column));
    quarters = _mm512_insertf32x4(quarters, _mm_loadu_ps(rows[4] + column), 1);
    quarters = _mm512_insertf32x4(quarters, _mm_loadu_ps(rows[8] + column), 2);
    return _mm512_insertf32x4(quarters, _mm_loadu_ps(rows[12] + column), 3);
}

/// Transposes 16 columns of 16 rows, from `first` on; target rows are `target_stride` apart.
///
/// The loads already place the 4x4 blocks correctly, so that only the blocks themselves have to be transposed.
SWL_AVX512_INLINE void swl_transpose_16x16(const float *const rows[16], size_t first, float *target,
                                           size_t target_stride) {
    for (size_t column = 0; column < 16; column += 4) {
        __m512 row[4];
        SWL_UNROLL for (size_t i = 0; i < 4; i++) row[i] = swl_gather_quarters(rows + i, first + column);
        __m512 low01 = _mm512_unpacklo_ps(row[0], row[1]), high01 = _mm512_unpackhi_ps(row[0], row[1]);
        __m512 low23 = _mm512_unpacklo_ps(row[2], row[3]), high23 = _mm512_unpackhi_ps(row[2], row[3]);
        float *to = target + column * target_stride;
        _mm512_storeu_ps(to, _mm512_shuffle_ps(low01, low23, 0x44));
        _mm512_storeu_ps(to + target_stride, _mm512_shuffle_ps(low01, low23, 0xEE));
        _mm512_storeu_ps(to + 2 * target_stride, _mm512_shuffle_ps(high01, high23, 0x44));
        _mm512_storeu_ps(to + 3 * target_stride, _mm512_shuffle_ps(high01, high23, 0xEE));
    }
}

/// The block for constant `rows` and `vectors`: the sums live in registers once the loops are unrolled.
SWL_INLINE void multiply_block(const swl_block *block, size_t rows, size_t vectors) {
    const float *a = block->a, *b = block->b;
    size_t a_stride = block->a_stride, b_stride = block->b_stride;
    __mmask16 last = block->last;
    __m512 sums[12][4];
    SWL_UNROLL for (size_t i = 0; i < rows; i++) {
        SWL_UNROLL for (size_t v = 0; v < vectors; v++) sums[i][v] = _mm512_setzero_ps();
    }
    for (size_t k = 0; k < block->inner; k++, a++, b += b_stride) {
        __m512 row[4];
        SWL_UNROLL for (size_t v = 0; v + 1 < vectors; v++) row[v] = _mm512_loadu_ps(b + 16 * v);
        row[vectors - 1] = _mm512_maskz_loadu_ps(last, b + 16 * (vectors - 1));
        SWL_UNROLL for (size_t i = 0; i < rows; i++) {
            __m512 factor = _mm512_set1_ps(a[i * a_stride]);
            SWL_UNROLL for (size_t v = 0; v < vectors; v++) sums[i][v] = SWL_MULTIPLY_WORDS(sums[i][v], factor, row[v]);
        }
    }
    const float *scale = block->scale;
    float *c = block->c;
    SWL_UNROLL for (size_t i = 0; i < rows; i++, c += block->c_stride) {
        __m512 factor = scale ? _mm512_set1_ps(scale[i]) : _mm512_set1_ps(1.0f);
        SWL_UNROLL
        for (size_t v = 0; v + 1 < vectors; v++) _mm512_storeu_ps(c + 16 * v, _mm512_mul_ps(sums[i][v], factor));
        __m512 end = _mm512_mul_ps(sums[i][vectors - 1], factor);
        // A full store is used if possible. A masked store must reach the cache before its values can be loaded, and
        // scores are read at once.
        if (last == 0xFFFF) {
            _mm512_storeu_ps(c + 16 * (vectors - 1), end);
        } else {
            _mm512_mask_storeu_ps(c + 16 * (vectors - 1), last, end);
        }
    }
}

#define SWL_BLOCK(rows, vectors)                                                                                      \
    static SWL_FUNCTION void block_##rows##x##vectors(const swl_block *block) { multiply_block(block, rows, vectors); }
#define SWL_NARROW_BLOCKS(rows) SWL_BLOCK(rows, 1) SWL_BLOCK(rows, 2)
#define SWL_BLOCKS(rows) SWL_NARROW_BLOCKS(rows) SWL_BLOCK(rows, 3) SWL_BLOCK(rows, 4)
#define SWL_NARROW_ROW(rows) {block_##rows##x1, block_##rows##x2, NULL, NULL}
#define SWL_BLOCK_ROW(rows) {block_##rows##x1, block_##rows##x2, block_##rows##x3, block_##rows##x4}
/// Defines the blocks and their table.
#define SWL_DEFINE_BLOCKS                                                                                             \
    SWL_BLOCKS(1) SWL_BLOCKS(2) SWL_BLOCKS(3) SWL_BLOCKS(4) SWL_BLOCKS(5) SWL_BLOCKS(6)                               \
    SWL_NARROW_BLOCKS(7) SWL_NARROW_BLOCKS(8) SWL_NARROW_BLOCKS(9)                                                    \
    SWL_NARROW_BLOCKS(10) SWL_NARROW_BLOCKS(11) SWL_NARROW_BLOCKS(12)                                                 \
    static void (*const blocks[12][4])(const swl_block *) = {                                                         \
        SWL_BLOCK_ROW(1), SWL_BLOCK_ROW(2), SWL_BLOCK_ROW(3), SWL_BLOCK_ROW(4), SWL_BLOCK_ROW(5),                     \
        SWL_BLOCK_ROW(6),                                                                                             \
        SWL_NARROW_ROW(7), SWL_NARROW_ROW(8), SWL_NARROW_ROW(9), SWL_NARROW_ROW(10), SWL_NARROW_ROW(11),              \
        SWL_NARROW_ROW(12),                                                                                           \
    };

#endif
