/// The common parts of AVX-512 products: rounding to bfloat16, the epilogue and the loops over panels and tiles.
///
/// A file that includes this one defines SWL_TARGET, the features that all its functions are compiled for;
/// SWL_NARROW_BF16, if avx512bf16 is one of them; and then `multiply_tile`, from which SWL_DEFINE_GEMM makes the
/// product.
#ifndef CKERNELS_AVX512_GEMM_H
#define CKERNELS_AVX512_GEMM_H

#include "math.h"

enum {
    /// The rows of a tile. 24 of the 32 registers hold sums, 4 hold weights, and the rest hold activations.
    tile_rows = 6,
    tile_vectors = 4,
    panel_columns = tile_vectors * SWL_VECTOR,
    /// Steps along the inner dimension between two prefetches.
    block_steps = 8,
};

SWL_INLINE int32_t load_word(const void *source) {
    int32_t word;
    memcpy(&word, source, sizeof word);
    return word;
}

/// 16 floats as bfloat16, nearest even; NaN stays NaN. The CPU's instruction for it, if there is one, treats subnormal
/// floats as zero.
SWL_INLINE __m256i narrowed(__m512 x) {
#ifdef SWL_NARROW_BF16
    return (__m256i)_mm512_cvtneps_pbh(x);
#else
    __m512i bits = _mm512_castps_si512(x);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, odd), _mm512_set1_epi32(0x7FFF));
    __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    rounded = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x400000));
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16));
#endif
}

SWL_INLINE void narrow_rows(const float *source, size_t source_stride, size_t rows, size_t columns, uint16_t *target,
                            size_t target_stride) {
    for (size_t row = 0; row < rows; row++, source += source_stride, target += target_stride) {
        size_t column = 0;
        for (; column + SWL_VECTOR <= columns; column += SWL_VECTOR) {
            _mm256_storeu_si256((__m256i *)(target + column), narrowed(_mm512_loadu_ps(source + column)));
        }
        if (column < columns) {
            __mmask16 lanes = (__mmask16)((1 << (columns - column)) - 1);
            __m256i values = narrowed(_mm512_maskz_loadu_ps(lanes, source + column));
            _mm256_mask_storeu_epi16(target + column, lanes, values);
        }
        memset(target + columns, 0, (target_stride - columns) * sizeof(uint16_t));
    }
}

/// Applies the epilogue from the activation on to `vectors` vectors of a row of C and writes them.
SWL_INLINE void finish_row(const swl_gemm *p, size_t row, size_t column, size_t vectors, __m512 v[tile_vectors]) {
    if (p->accumulate) {
        const float *c = p->c + row * p->c_stride + column;
        for (size_t j = 0; j < vectors; j++) v[j] = _mm512_add_ps(v[j], _mm512_loadu_ps(c + j * SWL_VECTOR));
    }
    if (p->scale) {
        for (size_t j = 0; j < vectors; j++) {
            __m512 scale = _mm512_loadu_ps(p->scale + column + j * SWL_VECTOR);
            v[j] = _mm512_fmadd_ps(v[j], scale, _mm512_loadu_ps(p->shift + column + j * SWL_VECTOR));
        }
    }
    if (p->c) {
        float *c = p->c + row * p->c_stride + column;
        for (size_t j = 0; j < vectors; j++) _mm512_storeu_ps(c + j * SWL_VECTOR, v[j]);
    }
    if (p->narrow) {
        uint16_t *target = p->narrow + row * p->narrow_stride + column;
        for (size_t j = 0; j < vectors; j++) {
            _mm256_storeu_si256((__m256i *)(target + j * SWL_VECTOR), narrowed(v[j]));
        }
    }
}

/// Applies either GELU and the rest of the epilogue. It is out of line and reads from memory, because the code would be
/// repeated for each register.
SWL_FUNCTION static __attribute__((noinline)) void finish_gelu(const swl_gemm *p, size_t row, size_t column,
                                                               size_t rows, size_t vectors, const __m512 *values) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < vectors; j++) {
            __m512 x = values[r * vectors + j];
            __m512 v[tile_vectors] = {p->activation == SWL_GELU ? swl_gelu_avx512(x) : swl_gelu_tanh_avx512(x)};
            finish_row(p, row + r, column + j * SWL_VECTOR, 1, v);
        }
    }
}

/// Applies the epilogue, from the activation on, to a tile. It goes row by row, so that a row's registers are soon free
/// for the next tile.
SWL_INLINE void finish_tile(const swl_gemm *p, size_t row, size_t column, size_t rows, size_t vectors,
                            __m512 v[tile_rows][tile_vectors]) {
    if (p->activation == SWL_GELU || p->activation == SWL_GELU_TANH) {
        __m512 values[tile_rows * tile_vectors];
        for (size_t r = 0; r < rows; r++) {
            for (size_t j = 0; j < vectors; j++) values[r * vectors + j] = v[r][j];
        }
        finish_gelu(p, row, column, rows, vectors, values);
        return;
    }
    SWL_UNROLL for (size_t r = 0; r < rows; r++) {
        if (p->activation == SWL_RELU) {
            for (size_t j = 0; j < vectors; j++) v[r][j] = swl_relu_avx512(v[r][j]);
        }
        finish_row(p, row + r, column, vectors, v[r]);
    }
}

SWL_INLINE void add_bias(const swl_gemm *p, size_t column, size_t rows, size_t vectors,
                         __m512 v[tile_rows][tile_vectors]) {
    if (!p->bias) return;
    for (size_t j = 0; j < vectors; j++) {
        __m512 bias = _mm512_loadu_ps(p->bias + column + j * SWL_VECTOR);
        for (size_t r = 0; r < rows; r++) v[r][j] = _mm512_add_ps(v[r][j], bias);
    }
}

/// One tile's part of a product.
typedef struct {
    /// The packed weights of the tile's columns.
    const char *panel;
    size_t row, column;
    /// The address of the weights that are read after this panel. Each block of steps prefetches some of their cache
    /// lines. The address is a number, because the last of those lines may be beyond the weights, where no pointer may
    /// point.
    uintptr_t next;
    size_t lines;
} tile_task;

/// Prefetches the cache lines of one block of steps into the L2 cache.
static inline __attribute__((always_inline)) uintptr_t fetch_next(uintptr_t next, size_t lines) {
    for (size_t line = 0; line < lines; line++, next += 64) __builtin_prefetch((const void *)next, 0, 2);
    return next;
}

typedef void (*tile_function)(const swl_gemm *p, const tile_task *task);

#define SWL_TILE(rows, vectors)                                                                                       \
    SWL_FUNCTION static void tile_##rows##_##vectors(const swl_gemm *p, const tile_task *task) {                     \
        multiply_tile(p, task, rows, vectors);                                                                        \
    }
#define SWL_TILES(vectors)                                                                                            \
    SWL_TILE(1, vectors)                                                                                              \
    SWL_TILE(2, vectors)                                                                                              \
    SWL_TILE(3, vectors)                                                                                              \
    SWL_TILE(4, vectors)                                                                                              \
    SWL_TILE(5, vectors)                                                                                              \
    SWL_TILE(6, vectors)
#define SWL_TILE_ROW(vectors)                                                                                         \
    { tile_1_##vectors, tile_2_##vectors, tile_3_##vectors, tile_4_##vectors, tile_5_##vectors, tile_6_##vectors }

/// Defines the file's tiles with its `multiply_tile`.
#define SWL_DEFINE_TILES                                                                                              \
    SWL_TILES(1)                                                                                                      \
    SWL_TILES(2)                                                                                                      \
    SWL_TILES(3)                                                                                                      \
    SWL_TILES(4)                                                                                                      \
    static const tile_function tiles[tile_vectors][tile_rows] = {SWL_TILE_ROW(1), SWL_TILE_ROW(2), SWL_TILE_ROW(3),   \
                                                                 SWL_TILE_ROW(4)};

/// Defines the product `name` with the file's `multiply_tile`. A step takes `group` inputs, which are 4 bytes for each
/// column.
#define SWL_DEFINE_GEMM(name, group)                                                                                  \
    SWL_DEFINE_TILES                                                                                                  \
    void name(const swl_gemm *p) { multiply_panels(p, p->inner / group, tiles); }

/// Computes panel by panel, tile by tile.
///
/// The rows are divided into tiles of nearly equal heights (7 rows into 4 and 3), so that no tile is small and slow.
/// While a panel is multiplied, the next one is prefetched.
static inline void multiply_panels(const swl_gemm *p, size_t steps,
                                   const tile_function tiles[tile_vectors][tile_rows]) {
    size_t tile_count = (p->rows + tile_rows - 1) / tile_rows;
    if (tile_count == 0) return;
    size_t rows = p->rows / tile_count, higher = p->rows % tile_count;
    size_t blocks = (steps + block_steps - 1) / block_steps * tile_count;
    for (size_t column = p->first_column; column < p->end_column; column += panel_columns) {
        tile_task task = {.panel = (const char *)p->weight + column * steps * 4, .column = column};
        size_t vectors = swl_min(panel_columns, p->columns - column) / SWL_VECTOR;
        bool last = column + panel_columns >= p->end_column;
        const char *next = last ? p->next_weight : task.panel + panel_columns * steps * 4;
        // A single tile already reads as fast as memory delivers; a prefetch would only compete with it.
        bool fetches = next && tile_count > 1;
        task.next = (uintptr_t)next;
        task.lines = fetches ? (steps * vectors + blocks - 1) / blocks : 0;
        for (size_t tile = 0; tile < tile_count; tile++) {
            size_t height = rows + (tile < higher);
            tiles[vectors - 1][height - 1](p, &task);
            task.row += height;
            task.next += (steps + block_steps - 1) / block_steps * task.lines * 64;
        }
    }
}

#endif
