/// Products by the matrix instructions of ARMv8.6-A, which multiply 8 bytes of each of two rows with 8 bytes of each of
/// two columns.
///
/// A file that includes this one defines `squared_sums`, a vector of four sums (the first row's, then the other's), and
/// `add_square`, which adds the products of two rows and two columns to them.
#ifndef CKERNELS_NEON_SQUARES_H
#define CKERNELS_NEON_SQUARES_H

enum { step_bytes = 8 };

#include "pairs.h"

enum {
    tile_pairs = tile_rows / 2,
    /// Vectors of one step's weights, two columns in each.
    step_vectors = SWL_VECTOR / 2,
};

typedef squared_sums tile_squares[tile_pairs][step_vectors];

SWL_INLINE void add_step(const uint8x16_t pairs[tile_pairs], const char *weight, size_t rows, tile_squares sums) {
    SWL_UNROLL for (size_t j = 0; j < step_vectors; j++) {
        uint8x16_t columns = vld1q_u8((const uint8_t *)weight + 16 * j);
        SWL_UNROLL for (size_t i = 0; 2 * i < rows; i++) sums[i][j] = add_square(sums[i][j], pairs[i], columns);
    }
}

/// With 6 rows, 24 of the 32 registers hold sums, 3 hold activations and the others hold weights.
SWL_INLINE void add_steps(const tile_addresses *a, size_t from, size_t end, const char *weight, size_t rows,
                          tile_squares sums) {
    for (size_t at = from; at < end; at += step_bytes) {
        uint8x16_t pairs[tile_pairs];
        SWL_UNROLL for (size_t i = 0; 2 * i < rows; i++) {
            uint8x8_t even = vld1_u8((const uint8_t *)a->row[2 * i] + at);
            pairs[i] = vcombine_u8(even, vld1_u8((const uint8_t *)a->row[2 * i + 1] + at));
        }
        add_step(pairs, weight + at * SWL_VECTOR, rows, sums);
    }
}

/// Adds a tile's products to its sums; `element` is the size of a value in bytes.
SWL_INLINE void multiply_squares(const swl_gemm *p, const tile_task *task, size_t element, size_t rows,
                                 tile_squares sums) {
    tile_addresses a = addresses_of(p, element, task->row, rows);
    uintptr_t next = task->next;
    size_t bytes = p->inner * element, whole = bytes / step_bytes * step_bytes, block = 4 * block_steps;
    for (size_t at = 0; at < whole; at += block) {
        next = fetch_next(next, task->lines);
        add_steps(&a, at, swl_min(at + block, whole), task->panel, rows, sums);
    }
    if (whole < bytes) {
        padded_step rest;
        pad_step(&rest, &a, whole, bytes - whole, task->panel + whole * SWL_VECTOR);
        add_steps(&a, 0, step_bytes, rest.weights, rows, sums);
    }
}

/// A vector of a row's sums.
SWL_INLINE words row_sums(const tile_squares sums, size_t row, size_t vector) {
    uint64x2_t left = (uint64x2_t)sums[row / 2][2 * vector], right = (uint64x2_t)sums[row / 2][2 * vector + 1];
    return (words)(row % 2 ? vzip2q_u64(left, right) : vzip1q_u64(left, right));
}

#endif
