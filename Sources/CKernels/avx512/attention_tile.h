/// The register tile that both products of attention are made of.
#ifndef CKERNELS_AVX512_ATTENTION_TILE_H
#define CKERNELS_AVX512_ATTENTION_TILE_H

#include "../internal.h"
#include "math.h"

/// C = A B for a tile of a few rows and up to 64 columns, each value one chain of fused multiply-adds over `inner`, in
/// order, so that it doesn't depend on the tile.
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

/// Rows that a tile has at most: as many accumulators as leave registers for a row of B and a value of A.
static inline size_t swl_tile_rows(size_t vectors) {
    return vectors <= 2 ? 12 : 6;
}

/// Computes `rows` rows (1 up to the most for that many vectors) and `vectors` (1...4) vectors of columns.
void swl_tile_avx512(const swl_tile *tile, size_t rows, size_t vectors);

#endif
