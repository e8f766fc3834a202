/// What the products by matrix instructions share: they multiply pairs of rows with pairs of columns, and weights are
/// packed in groups of 8 bytes.
///
/// A file that includes this one defines `step_bytes`, the bytes of each row and column that one step multiplies.
#ifndef CKERNELS_NEON_PAIRS_H
#define CKERNELS_NEON_PAIRS_H

#include "../lanes/gemm.h"

enum { group_bytes = 8 };

/// The addresses of a tile's rows. If the number of rows is odd, the last row is there twice.
typedef struct {
    const char *row[tile_rows];
} tile_addresses;

/// `element` is the size of a value in bytes.
SWL_INLINE tile_addresses addresses_of(const swl_gemm *p, size_t element, size_t first, size_t rows) {
    tile_addresses a;
    SWL_UNROLL for (size_t r = 0; r < tile_rows; r++) {
        a.row[r] = (const char *)p->a + (first + swl_min(r, rows - 1)) * p->a_stride * element;
        // Each address must stay in a register: otherwise Clang computes it from the stride in every step.
        __asm__("" : "+r"(a.row[r]));
    }
    return a;
}

/// The last inputs of a tile's rows and columns, if they do not fill a step, with zeros behind them.
typedef struct {
    char rows[tile_rows][step_bytes];
    char weights[step_bytes * SWL_VECTOR];
} padded_step;

/// Copies the last `count` bytes of each row, from `at` on, and their weights; `a` then points at the copies.
static SWL_FUNCTION __attribute__((noinline)) void pad_step(padded_step *step, tile_addresses *a, size_t at,
                                                            size_t count, const char *weight) {
    memset(step, 0, sizeof *step);
    for (size_t r = 0; r < tile_rows; r++) {
        memcpy(step->rows[r], a->row[r] + at, count);
        a->row[r] = step->rows[r];
    }
    for (size_t group = 0; group < count; group += group_bytes) {
        size_t width = swl_min(group_bytes, count - group);
        char *target = step->weights + group * SWL_VECTOR;
        const char *source = weight + group * SWL_VECTOR;
        for (size_t j = 0; j < SWL_VECTOR; j++) memcpy(target + group_bytes * j, source + width * j, width);
    }
}

#endif
