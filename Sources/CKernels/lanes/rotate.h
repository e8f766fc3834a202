/// The rotation of rows in blocks of columns, for a file that defines SWL_INLINE. Vectors have 16 lanes on every
/// instruction set, because no block is smaller.
#ifndef CKERNELS_LANES_ROTATE_H
#define CKERNELS_LANES_ROTATE_H

#include "../internal.h"

typedef float sixteen_floats __attribute__((ext_vector_type(16)));

/// Replaces lanes by sums and differences of lanes that are one, two, four and eight apart.
SWL_INLINE void rotate_lanes(sixteen_floats *vector) {
    sixteen_floats x = *vector;
    x = __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14) +
        x * (sixteen_floats){1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1};
    x = __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13) +
        x * (sixteen_floats){1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1};
    x = __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11) +
        x * (sixteen_floats){1, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1};
    x = __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7) +
        x * (sixteen_floats){1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1};
    *vector = x;
}

/// Rotates one block of `vectors` vectors; `vectors` is a constant at each call.
SWL_INLINE void rotate_block(const float *source, const float *balance, float *target, size_t vectors) {
    sixteen_floats x[8];
    SWL_UNROLL for (size_t i = 0; i < vectors; i++) {
        memcpy(&x[i], source + 16 * i, sizeof x[i]);
        if (balance) {
            sixteen_floats factors;
            memcpy(&factors, balance + 16 * i, sizeof factors);
            x[i] *= factors;
        }
        rotate_lanes(&x[i]);
    }
    SWL_UNROLL for (size_t half = 1; half < vectors; half *= 2) {
        SWL_UNROLL for (size_t i = 0; i < vectors; i++) {
            if (i & half) continue;
            sixteen_floats left = x[i], right = x[i + half];
            x[i] = left + right;
            x[i + half] = left - right;
        }
    }
    memcpy(target, x, vectors * sizeof x[0]);
}

/// Rotates a row's blocks, one after the other.
SWL_INLINE void rotate_blocks(const float *source, const float *balance, size_t columns, float *target,
                              size_t vectors) {
    for (size_t column = 0; column < columns; column += 16 * vectors) {
        rotate_block(source + column, balance ? balance + column : NULL, target + column, vectors);
    }
}

/// Rotates a row, after its values were multiplied by `balance`, if that is not null.
SWL_INLINE void rotate_row(const float *source, const float *balance, size_t columns, size_t rotation, float *target) {
    switch (rotation) {
    case 16: rotate_blocks(source, balance, columns, target, 1); break;
    case 32: rotate_blocks(source, balance, columns, target, 2); break;
    case 64: rotate_blocks(source, balance, columns, target, 4); break;
    default: rotate_blocks(source, balance, columns, target, 8); break;
    }
}

/// Rotates rows four at a time and hands them to `quantize`; the arguments are those of swl_kernels.quantize_rows.
#define SWL_QUANTIZE_ROTATED(quantize)                                                                                \
    do {                                                                                                              \
        float rotated[4 * SWL_MOST_ROTATED];                                                                          \
        for (size_t row = 0; row < rows; row += 4) {                                                                  \
            size_t count = swl_min(rows - row, 4);                                                                    \
            for (size_t i = 0; i < count; i++) {                                                                      \
                const float *values = source + (row + i) * source_stride;                                             \
                rotate_row(values, balance, columns, rotation, rotated + i * columns);                                \
            }                                                                                                         \
            quantize(rotated, columns, count, columns, zero_point, NULL, target + row * target_stride, target_stride, \
                     scale + row);                                                                                    \
        }                                                                                                             \
    } while (false)

#endif
