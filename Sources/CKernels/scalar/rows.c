#include "../internal.h"
#include "math.h"

void swl_activate_rows_scalar(float *x, size_t stride, size_t rows, size_t columns, const float *bias,
                              swl_activation activation) {
    for (size_t row = 0; row < rows; row++, x += stride) {
        if (bias != NULL) {
            for (size_t column = 0; column < columns; column++) x[column] += bias[column];
        }
        if (activation == SWL_RELU) {
            for (size_t column = 0; column < columns; column++) x[column] = swl_relu_scalar(x[column]);
        } else if (activation == SWL_GELU) {
            for (size_t column = 0; column < columns; column++) x[column] = swl_gelu_scalar(x[column]);
        } else if (activation == SWL_GELU_TANH) {
            for (size_t column = 0; column < columns; column++) x[column] = swl_gelu_tanh_scalar(x[column]);
        }
    }
}

void swl_scale_shift_rows_scalar(float *x, size_t stride, size_t rows, size_t columns, const float *scale,
                                 const float *shift) {
    for (size_t row = 0; row < rows; row++, x += stride) {
        for (size_t column = 0; column < columns; column++) x[column] = x[column] * scale[column] + shift[column];
    }
}

void swl_layer_norm_rows_scalar(float *x, size_t stride, size_t rows, size_t columns, const float *shift,
                                const float *weight, const float *bias, double epsilon) {
    for (size_t row = 0; row < rows; row++, x += stride) {
        double sum = 0.0;
        for (size_t column = 0; column < columns; column++) {
            x[column] += shift[column];
            sum += (double)x[column];
        }
        float mean = (float)(sum / (double)columns);
        double squares = 0.0;
        for (size_t column = 0; column < columns; column++) {
            double centred = (double)(x[column] - mean);
            squares += centred * centred;
        }
        float scale = (float)(1.0 / sqrt(squares / (double)columns + epsilon));
        for (size_t column = 0; column < columns; column++) {
            x[column] = (x[column] - mean) * scale * weight[column] + bias[column];
        }
    }
}

void swl_sum_rows_scalar(const float *x, size_t stride, size_t rows, size_t columns, double *sums) {
    for (size_t column = 0; column < columns; column++) sums[column] = 0.0;
    for (size_t row = 0; row < rows; row++, x += stride) {
        for (size_t column = 0; column < columns; column++) sums[column] += (double)x[column];
    }
}
