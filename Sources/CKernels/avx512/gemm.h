/// What the AVX-512 products share: the epilogue and the walk over panels and tiles.
///
/// A file that includes it defines SWL_TARGET, the features that all its functions are compiled for, and then
/// `multiply_tile`; SWL_DEFINE_GEMM makes the product of it.
#ifndef CKERNELS_AVX512_GEMM_H
#define CKERNELS_AVX512_GEMM_H

#include "math.h"
#include "narrow.h"

enum {
    /// 24 of the 32 registers hold sums; 4 hold weights, the rest activations.
    tile_rows = 6,
    tile_vectors = 4,
    panel_columns = tile_vectors * SWL_VECTOR,
};

SWL_INLINE int32_t load_word(const void *source) {
    int32_t word;
    memcpy(&word, source, sizeof word);
    return word;
}

SWL_FUNCTION static __attribute__((noinline)) void apply_gelu(__m512 *values, size_t count) {
    for (size_t i = 0; i < count; i++) values[i] = swl_gelu_avx512(values[i]);
}

/// Applies the epilogue from the activation on and writes the tile. With constant `rows` and `vectors` all loops unroll
/// and `v` stays in registers.
SWL_INLINE void finish_tile(const swl_gemm *p, size_t row, size_t column, size_t rows, size_t vectors,
                            __m512 v[tile_rows][tile_vectors]) {
    if (p->activation == SWL_RELU) {
        for (size_t r = 0; r < rows; r++) {
            for (size_t j = 0; j < vectors; j++) v[r][j] = swl_relu_avx512(v[r][j]);
        }
    }
    if (p->activation == SWL_GELU) {
        // Through memory: it is too much code to be repeated for every register.
        __m512 values[tile_rows * tile_vectors];
        for (size_t r = 0; r < rows; r++) {
            for (size_t j = 0; j < vectors; j++) values[r * vectors + j] = v[r][j];
        }
        apply_gelu(values, rows * vectors);
        for (size_t r = 0; r < rows; r++) {
            for (size_t j = 0; j < vectors; j++) v[r][j] = values[r * vectors + j];
        }
    }
    if (p->accumulate) {
        for (size_t r = 0; r < rows; r++) {
            const float *c = p->c + (row + r) * p->c_stride + column;
            for (size_t j = 0; j < vectors; j++) {
                v[r][j] = _mm512_add_ps(v[r][j], _mm512_loadu_ps(c + j * SWL_VECTOR));
            }
        }
    }
    if (p->scale) {
        for (size_t j = 0; j < vectors; j++) {
            __m512 scale = _mm512_loadu_ps(p->scale + column + j * SWL_VECTOR);
            __m512 shift = _mm512_loadu_ps(p->shift + column + j * SWL_VECTOR);
            for (size_t r = 0; r < rows; r++) v[r][j] = _mm512_fmadd_ps(v[r][j], scale, shift);
        }
    }
    if (p->c) {
        for (size_t r = 0; r < rows; r++) {
            float *c = p->c + (row + r) * p->c_stride + column;
            for (size_t j = 0; j < vectors; j++) _mm512_storeu_ps(c + j * SWL_VECTOR, v[r][j]);
        }
    }
    if (p->narrow) {
        for (size_t r = 0; r < rows; r++) {
            uint16_t *target = p->narrow + (row + r) * p->narrow_stride + column;
            for (size_t j = 0; j < vectors; j++) {
                _mm256_storeu_si256((__m256i *)(target + j * SWL_VECTOR), narrowed(v[r][j]));
            }
        }
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

typedef void (*tile_function)(const swl_gemm *p, const void *panel, size_t row, size_t column);

#define SWL_TILE(rows, vectors)                                                                                       \
    SWL_FUNCTION static void tile_##rows##_##vectors(const swl_gemm *p, const void *panel, size_t row,               \
                                                     size_t column) {                                                 \
        multiply_tile(p, panel, row, column, rows, vectors);                                                          \
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

/// Defines the product `name` by the file's `multiply_tile`; a weight takes `size` bytes.
#define SWL_DEFINE_GEMM(name, size)                                                                                   \
    SWL_TILES(1)                                                                                                      \
    SWL_TILES(2)                                                                                                      \
    SWL_TILES(3)                                                                                                      \
    SWL_TILES(4)                                                                                                      \
    static const tile_function tiles[tile_vectors][tile_rows] = {SWL_TILE_ROW(1), SWL_TILE_ROW(2), SWL_TILE_ROW(3),   \
                                                                 SWL_TILE_ROW(4)};                                    \
    void name(const swl_gemm *p) { multiply_panels(p, size, tiles); }

/// The rows are cut into tiles of as equal heights as can be: 7 into 4 and 3, so that none runs at a small tile's
/// speed.
static inline void multiply_panels(const swl_gemm *p, size_t weight_size,
                                   const tile_function tiles[tile_vectors][tile_rows]) {
    size_t tile_count = (p->rows + tile_rows - 1) / tile_rows;
    if (tile_count == 0) return;
    size_t rows = p->rows / tile_count, higher = p->rows % tile_count;
    for (size_t column = p->first_column; column < p->end_column; column += panel_columns) {
        const char *panel = (const char *)p->weight + column * p->inner * weight_size;
        size_t vectors = swl_min(panel_columns, p->columns - column) / SWL_VECTOR;
        size_t row = 0;
        for (size_t tile = 0; tile < tile_count; tile++) {
            size_t height = rows + (tile < higher);
            tiles[vectors - 1][height - 1](p, panel, row, column);
            row += height;
        }
    }
}

#endif
