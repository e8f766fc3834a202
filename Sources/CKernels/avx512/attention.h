/// The parts that attention in single precision, in bfloat16 and in 16-bit integers share: the loops over heads, tiles
/// of queries and panels of keys, and the register block from which both products are built.
///
/// All work on 32-bit words: a word is a float, or a pair of 16-bit values that are neighbours along the dimension that
/// a product sums over. Pointers to words are pointers to float in any case.
///
/// Before a file includes this one, it defines SWL_TARGET, the features that its functions are compiled for;
/// SWL_MULTIPLY_WORDS(sum, a, b), which adds the products of 16 words to `sum`; and SWL_INTEGER_SUMS, if these sums are
/// integers. SWL_DEFINE_BLOCKS then makes the blocks.
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
/// words in order, or a sum of integers, so the value doesn't depend on the block.
typedef struct {
    const float *a, *b;
    size_t a_stride, b_stride, inner;
    float *c;
    size_t c_stride;
    /// One factor for each row of C, or null.
    const float *scale;
    /// Of integer sums: one factor for each column of C.
    const float *column_scale;
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
    /// place. Integers come with each row's factor in `scale`.
    void (*pack_queries)(const float *queries, size_t stride, size_t rows, size_t head_size, float *packed,
                         float *scale);
    /// Packs a head's keys as panels [words of a key][keys of the panel]. The last panel has a multiple of 16 keys; the
    /// text's last key fills the places beyond the text. Integers come with each key's factor in `scale`.
    void (*pack_keys)(const float *keys, size_t stride, size_t length, size_t head_size, float *packed, float *scale);
    /// Packs a head's values as rows [words over the text's tokens][head_size, rounded up to 16]. Integers come with
    /// each column's factor in `scale`.
    void (*pack_values)(const float *values, size_t stride, size_t length, size_t head_size, float *packed,
                        float *scale);
    /// Replaces rows of scores by words of their exponentials, in place, and writes each row's factor, which makes
    /// their sum 1, to `scale`. Scores of integers must still be multiplied by the query's factor in `scale`.
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

enum {
    /// The rows of A that one pointer reaches, by its distance to the next row.
    swl_rows_per_pointer = 3,
    /// The words along the inner dimension in one turn of a block's loop.
    swl_words_per_turn = 4,
};

/// Adds the products of `words` words along the inner dimension to the sums, for constants `words`, `rows` and
/// `vectors`.
SWL_INLINE void multiply_words(const float *const a[4], size_t a_stride, const float *b, size_t b_stride,
                               __mmask16 last, size_t words, size_t rows, size_t vectors, __m512 sums[12][4]) {
    SWL_UNROLL for (size_t k = 0; k < words; k++) {
        __m512 row[4];
        SWL_UNROLL for (size_t v = 0; v + 1 < vectors; v++) row[v] = _mm512_loadu_ps(b + k * b_stride + 16 * v);
        row[vectors - 1] = _mm512_maskz_loadu_ps(last, b + k * b_stride + 16 * (vectors - 1));
        SWL_UNROLL for (size_t i = 0; i < rows; i++) {
            const float *at = a[i / swl_rows_per_pointer] + i % swl_rows_per_pointer * a_stride;
            __m512 factor = _mm512_set1_ps(at[k]);
            SWL_UNROLL for (size_t v = 0; v < vectors; v++) sums[i][v] = SWL_MULTIPLY_WORDS(sums[i][v], factor, row[v]);
        }
    }
}

#ifdef SWL_INTEGER_SUMS
/// Replaces integer sums by floats, times their columns' factors.
SWL_INLINE void convert_sums(const swl_block *block, size_t rows, size_t vectors, __m512 sums[12][4]) {
    SWL_UNROLL for (size_t v = 0; v < vectors; v++) {
        __mmask16 lanes = v + 1 < vectors ? 0xFFFF : block->last;
        __m512 factor = _mm512_maskz_loadu_ps(lanes, block->column_scale + 16 * v);
        SWL_UNROLL for (size_t i = 0; i < rows; i++) {
            sums[i][v] = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_castps_si512(sums[i][v])), factor);
        }
    }
}
#endif

/// The block for constant `rows` and `vectors`: the sums live in registers once the loops are unrolled.
///
/// There are too few registers for a pointer to each row. A few pointers, of which the compiler is kept from deriving
/// others, leave none in memory.
SWL_INLINE void multiply_block(const swl_block *block, size_t rows, size_t vectors) {
    const float *a[4], *b = block->b;
    size_t a_stride = block->a_stride, b_stride = block->b_stride, left = block->inner;
    __mmask16 last = block->last;
    __m512 sums[12][4];
    SWL_UNROLL for (size_t i = 0; i < rows; i++) {
        if (i % swl_rows_per_pointer == 0) a[i / swl_rows_per_pointer] = block->a + i * a_stride;
        SWL_UNROLL for (size_t v = 0; v < vectors; v++) sums[i][v] = _mm512_setzero_ps();
    }
    while (left > 0) {
        SWL_UNROLL
        for (size_t i = 0; i < rows; i += swl_rows_per_pointer) __asm__("" : "+r"(a[i / swl_rows_per_pointer]));
        size_t words = left >= swl_words_per_turn ? swl_words_per_turn : 1;
        if (words == swl_words_per_turn) {
            multiply_words(a, a_stride, b, b_stride, last, swl_words_per_turn, rows, vectors, sums);
        } else {
            multiply_words(a, a_stride, b, b_stride, last, 1, rows, vectors, sums);
        }
        SWL_UNROLL for (size_t i = 0; i < rows; i += swl_rows_per_pointer) a[i / swl_rows_per_pointer] += words;
        b += words * b_stride;
        left -= words;
    }
#ifdef SWL_INTEGER_SUMS
    convert_sums(block, rows, vectors, sums);
#endif
    float *c = block->c;
    SWL_UNROLL for (size_t i = 0; i < rows; i++, c += block->c_stride) {
        if (block->scale) {
            __m512 factor = _mm512_set1_ps(block->scale[i]);
            SWL_UNROLL for (size_t v = 0; v < vectors; v++) sums[i][v] = _mm512_mul_ps(sums[i][v], factor);
        }
        SWL_UNROLL for (size_t v = 0; v + 1 < vectors; v++) _mm512_storeu_ps(c + 16 * v, sums[i][v]);
        // A full store is used if possible. A masked store must reach the cache before its values can be loaded, and
        // scores are read at once.
        if (last == 0xFFFF) {
            _mm512_storeu_ps(c + 16 * (vectors - 1), sums[i][vectors - 1]);
        } else {
            _mm512_mask_storeu_ps(c + 16 * (vectors - 1), last, sums[i][vectors - 1]);
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
