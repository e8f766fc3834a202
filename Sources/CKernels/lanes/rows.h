/// The kernels of rows; SWL_DEFINE_ROWS gives them an instruction set's names.
#ifndef CKERNELS_LANES_ROWS_H
#define CKERNELS_LANES_ROWS_H

#include "math.h"

#include <math.h>

/// One activation's rows; `activation` is a constant at each call.
SWL_INLINE void activate(float *x, size_t stride, size_t rows, size_t columns, const float *bias,
                         swl_activation activation) {
    for (size_t row = 0; row < rows; row++, x += stride) {
        for (size_t column = 0; column < columns; column += lane_count) {
            size_t left = columns - column;
            floats value = load_up_to(left, x + column);
            if (bias) value += load_up_to(left, bias + column);
            if (activation == SWL_RELU) value = relu(value);
            if (activation == SWL_GELU) value = gelu(value);
            if (activation == SWL_GELU_TANH) value = gelu_tanh(value);
            SWL_STORE_UP_TO(left, x + column, value);
        }
    }
}

SWL_INLINE void scale_shift(float *x, size_t stride, size_t rows, size_t columns, const float *scale,
                            const float *shift) {
    for (size_t row = 0; row < rows; row++, x += stride) {
        for (size_t column = 0; column < columns; column += lane_count) {
            size_t left = columns - column;
            floats value = multiply_add(load_up_to(left, x + column), load_up_to(left, scale + column),
                                        load_up_to(left, shift + column));
            SWL_STORE_UP_TO(left, x + column, value);
        }
    }
}

/// Adds `shift` to a row; returns the row's sum.
SWL_INLINE double shift_and_sum(float *x, size_t columns, const float *shift) {
    doubles sum = 0;
    for (size_t column = 0; column < columns; column += lane_count) {
        size_t left = columns - column;
        floats value = load_up_to(left, x + column) + load_up_to(left, shift + column);
        SWL_STORE_UP_TO(left, x + column, value);
        sum += __builtin_convertvector(value, doubles);
    }
    return SWL_REDUCE(sum, SWL_SUM);
}

/// The sum of the squared distances from the mean.
SWL_INLINE double squared_distances(const float *x, size_t columns, float mean) {
    doubles sum = 0;
    for (size_t column = 0; column < columns; column += lane_count) {
        floats centred = load_up_to(columns - column, x + column) - mean;
        if (columns - column < lane_count) {
            floats none = 0;
            memcpy((char *)&centred + (columns - column) * sizeof(float), &none,
                   (lane_count - (columns - column)) * sizeof(float));
        }
        doubles distance = __builtin_convertvector(centred, doubles);
        sum += distance * distance;
    }
    return SWL_REDUCE(sum, SWL_SUM);
}

SWL_INLINE void layer_norm(float *x, size_t stride, size_t rows, size_t columns, const float *shift,
                           const float *weight, const float *bias, double epsilon) {
    for (size_t row = 0; row < rows; row++, x += stride) {
        float mean = (float)(shift_and_sum(x, columns, shift) / (double)columns);
        double variance = squared_distances(x, columns, mean) / (double)columns;
        float scale = (float)(1.0 / sqrt(variance + epsilon));
        for (size_t column = 0; column < columns; column += lane_count) {
            size_t left = columns - column;
            floats value = (load_up_to(left, x + column) - mean) * scale;
            value = multiply_add(value, load_up_to(left, weight + column), load_up_to(left, bias + column));
            SWL_STORE_UP_TO(left, x + column, value);
        }
    }
}

SWL_INLINE void sum_rows(const float *x, size_t stride, size_t rows, size_t columns, double *sums) {
    for (size_t column = 0; column < columns; column += lane_count) {
        size_t left = columns - column;
        doubles sum = 0;
        for (size_t row = 0; row < rows; row++) {
            sum += __builtin_convertvector(load_up_to(left, x + row * stride + column), doubles);
        }
        SWL_STORE_UP_TO(left, sums + column, sum);
    }
}

#define SWL_DEFINE_ROWS(isa)                                                                                          \
    SWL_FUNCTION void swl_activate_rows_##isa(float *x, size_t stride, size_t rows, size_t columns,                   \
                                              const float *bias, swl_activation activation) {                         \
        switch (activation) {                                                                                         \
        case SWL_LINEAR:                                                                                              \
            if (bias) activate(x, stride, rows, columns, bias, SWL_LINEAR);                                           \
            break;                                                                                                    \
        case SWL_RELU: activate(x, stride, rows, columns, bias, SWL_RELU); break;                                     \
        case SWL_GELU: activate(x, stride, rows, columns, bias, SWL_GELU); break;                                     \
        case SWL_GELU_TANH: activate(x, stride, rows, columns, bias, SWL_GELU_TANH); break;                           \
        }                                                                                                             \
    }                                                                                                                 \
    SWL_FUNCTION void swl_scale_shift_rows_##isa(float *x, size_t stride, size_t rows, size_t columns,                \
                                                 const float *scale, const float *shift) {                            \
        scale_shift(x, stride, rows, columns, scale, shift);                                                          \
    }                                                                                                                 \
    SWL_FUNCTION void swl_layer_norm_rows_##isa(float *x, size_t stride, size_t rows, size_t columns,                 \
                                                const float *shift, const float *weight, const float *bias,           \
                                                double epsilon) {                                                     \
        layer_norm(x, stride, rows, columns, shift, weight, bias, epsilon);                                           \
    }                                                                                                                 \
    SWL_FUNCTION void swl_sum_rows_##isa(const float *x, size_t stride, size_t rows, size_t columns, double *sums) {  \
        sum_rows(x, stride, rows, columns, sums);                                                                     \
    }

#endif
