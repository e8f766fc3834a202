/// Rows of floats as bfloat16 and as bytes; SWL_DEFINE_NARROW gives the kernels an instruction set's names.
#ifndef CKERNELS_LANES_NARROW_H
#define CKERNELS_LANES_NARROW_H

#include "lanes.h"
#include "rotate.h"

#include <math.h>

SWL_INLINE void narrow_rows(const float *source, size_t source_stride, size_t rows, size_t columns, uint16_t *target,
                            size_t target_stride) {
    for (size_t row = 0; row < rows; row++, source += source_stride, target += target_stride) {
        size_t column = 0;
        for (; column + lane_count <= columns; column += lane_count) {
            halves value = narrowed(load_floats(source + column));
            memcpy(target + column, &value, sizeof value);
        }
        if (column < columns) {
            halves value = narrowed(load_up_to(columns - column, source + column));
            memcpy(target + column, &value, (columns - column) * sizeof(uint16_t));
        }
        if (columns < target_stride) memset(target + columns, 0, (target_stride - columns) * sizeof(uint16_t));
    }
}

/// Loads a vector of a row from `column` on, multiplied by its balance if there is one; places beyond `columns` are
/// zero.
SWL_INLINE floats load_balanced(const float *row, const float *balance, size_t column, size_t columns) {
    floats x = load_up_to(columns - column, row + column);
    return balance ? x * load_up_to(columns - column, balance + column) : x;
}

/// The bits of the largest magnitude. Magnitudes are compared as integers, so that NaN is the largest of all.
SWL_INLINE uint32_t largest_magnitude(const float *row, const float *balance, size_t columns) {
    words largest[2] = {0, 0};
    size_t column = 0, whole = columns / (2 * lane_count) * (2 * lane_count);
    for (; column < whole; column += 2 * lane_count) {
        SWL_UNROLL for (size_t i = 0; i < 2; i++) {
            words magnitude = (words)load_balanced(row, balance, column + i * lane_count, whole) & 0x7FFFFFFF;
            largest[i] = __builtin_elementwise_max(largest[i], magnitude);
        }
    }
    for (; column < columns; column += lane_count) {
        words magnitude = (words)load_balanced(row, balance, column, columns) & 0x7FFFFFFF;
        largest[0] = __builtin_elementwise_max(largest[0], magnitude);
    }
    return SWL_REDUCE(__builtin_elementwise_max(largest[0], largest[1]), __builtin_elementwise_max);
}

/// Four vectors of floats. Their values as bytes fill one vector.
typedef float quad_floats __attribute__((ext_vector_type(4 * SWL_LANES)));
typedef int32_t quad_integers __attribute__((ext_vector_type(4 * SWL_LANES)));
typedef uint8_t quad_bytes __attribute__((ext_vector_type(4 * SWL_LANES)));

/// Quantizes one row, whose largest magnitude is finite and above the minimum.
SWL_INLINE void quantize_row(const float *source, const float *balance, size_t columns, float factor,
                             int32_t zero_point, uint8_t *target) {
    size_t column = 0;
    int32_t offset = SWL_ROUNDING_BITS - zero_point;
    for (; column + 4 * lane_count <= columns; column += 4 * lane_count) {
        quad_floats value, factors;
        memcpy(&value, source + column, sizeof value);
        if (balance) {
            memcpy(&factors, balance + column, sizeof factors);
            value *= factors;
        }
        quad_integers integer = (quad_integers)(value * factor + SWL_ROUNDING) - offset;
        integer = __builtin_elementwise_max(integer, (quad_integers)0);
        quad_bytes quantized = __builtin_convertvector(integer, quad_bytes);
        memcpy(target + column, &quantized, sizeof quantized);
    }
    for (; column < columns; column += lane_count) {
        floats shifted = load_balanced(source, balance, column, columns) * factor + SWL_ROUNDING;
        integers value = (integers)shifted - offset;
        bytes quantized = __builtin_convertvector(__builtin_elementwise_max(value, (integers)0), bytes);
        SWL_STORE_UP_TO(columns - column, target + column, quantized);
    }
}

SWL_INLINE void quantize_rows(const float *source, size_t source_stride, size_t rows, size_t columns,
                              int32_t zero_point, const float *balance, uint8_t *target, size_t target_stride,
                              float *scale) {
    float top = zero_point == 0 ? 255 : 127;
    for (size_t row = 0; row < rows; row++, source += source_stride, target += target_stride) {
        uint32_t largest = largest_magnitude(source, balance, columns);
        float maximum = swl_float(largest);
        if (largest >= 0x7F800000 || maximum < SWL_QUANTIZE_MINIMUM) {
            scale[row] = largest >= 0x7F800000 ? NAN : 0;
            memset(target, zero_point, target_stride);
            continue;
        }
        scale[row] = maximum / top;
        quantize_row(source, balance, columns, top / maximum, zero_point, target);
        if (columns < target_stride) memset(target + columns, zero_point, target_stride - columns);
    }
}

#define SWL_DEFINE_NARROW(isa)                                                                                        \
    SWL_FUNCTION void swl_narrow_rows_##isa(const float *source, size_t source_stride, size_t rows, size_t columns,   \
                                            uint16_t *target, size_t target_stride) {                                 \
        narrow_rows(source, source_stride, rows, columns, target, target_stride);                                     \
    }                                                                                                                 \
    SWL_FUNCTION void swl_quantize_rows_##isa(const float *source, size_t source_stride, size_t rows, size_t columns, \
                                              int32_t zero_point, const float *balance, size_t rotation,              \
                                              uint8_t *target, size_t target_stride, float *scale) {                  \
        if (rotation) {                                                                                               \
            SWL_QUANTIZE_ROTATED(quantize_rows);                                                                      \
        } else if (balance) {                                                                                         \
            quantize_rows(source, source_stride, rows, columns, zero_point, balance, target, target_stride, scale);   \
        } else {                                                                                                      \
            quantize_rows(source, source_stride, rows, columns, zero_point, NULL, target, target_stride, scale);      \
        }                                                                                                             \
    }

#endif
