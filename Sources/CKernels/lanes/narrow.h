/// Rows of floats as bfloat16 and as bytes; SWL_DEFINE_NARROW gives the kernels an instruction set's names.
#ifndef CKERNELS_LANES_NARROW_H
#define CKERNELS_LANES_NARROW_H

#include "lanes.h"

#include <math.h>

SWL_INLINE void narrow_rows(const float *source, size_t source_stride, size_t rows, size_t columns, uint16_t *target,
                            size_t target_stride) {
    for (size_t row = 0; row < rows; row++, source += source_stride, target += target_stride) {
        for (size_t column = 0; column < columns; column += lane_count) {
            size_t left = columns - column;
            halves value = narrowed(load_up_to(left, source + column));
            SWL_STORE_UP_TO(left, target + column, value);
        }
        memset(target + columns, 0, (target_stride - columns) * sizeof(uint16_t));
    }
}

/// A vector of a row from `column` on, times its balance if there is one; zeros beyond `columns`.
SWL_INLINE floats load_balanced(const float *row, const float *balance, size_t column, size_t columns) {
    floats x = load_up_to(columns - column, row + column);
    return balance ? x * load_up_to(columns - column, balance + column) : x;
}

/// The bits of the largest magnitude. As integers, so that NaN is the largest of all.
SWL_INLINE uint32_t largest_magnitude(const float *row, const float *balance, size_t columns) {
    words largest[2] = {0, 0};
    size_t column = 0, whole = columns / (2 * lane_count) * (2 * lane_count);
    for (; column < whole; column += 2 * lane_count) {
        for (size_t i = 0; i < 2; i++) {
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

/// One row, whose largest magnitude is finite and above the minimum.
SWL_INLINE void quantize_row(const float *source, const float *balance, size_t columns, float factor,
                             int32_t zero_point, uint8_t *target) {
    for (size_t column = 0; column < columns; column += lane_count) {
        floats shifted = load_balanced(source, balance, column, columns) * factor + SWL_ROUNDING;
        integers value = (integers)shifted - (SWL_ROUNDING_BITS - zero_point);
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
        memset(target + columns, zero_point, target_stride - columns);
    }
}

#define SWL_DEFINE_NARROW(isa)                                                                                        \
    SWL_FUNCTION void swl_narrow_rows_##isa(const float *source, size_t source_stride, size_t rows, size_t columns,   \
                                            uint16_t *target, size_t target_stride) {                                 \
        narrow_rows(source, source_stride, rows, columns, target, target_stride);                                     \
    }                                                                                                                 \
    SWL_FUNCTION void swl_quantize_rows_##isa(const float *source, size_t source_stride, size_t rows, size_t columns, \
                                              int32_t zero_point, const float *balance, uint8_t *target,              \
                                              size_t target_stride, float *scale) {                                   \
        if (balance) {                                                                                                \
            quantize_rows(source, source_stride, rows, columns, zero_point, balance, target, target_stride, scale);   \
        } else {                                                                                                      \
            quantize_rows(source, source_stride, rows, columns, zero_point, NULL, target, target_stride, scale);      \
        }                                                                                                             \
    }

#endif
