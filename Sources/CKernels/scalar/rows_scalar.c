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

void swl_narrow_rows_scalar(const float *source, size_t source_stride, size_t rows, size_t columns, uint16_t *target,
                            size_t target_stride) {
    for (size_t row = 0; row < rows; row++, source += source_stride, target += target_stride) {
        for (size_t j = 0; j < columns; j++) target[j] = swl_narrow(source[j]);
        memset(target + columns, 0, (target_stride - columns) * sizeof(uint16_t));
    }
}

static float balanced(const float *source, const float *balance, size_t j) {
    return balance ? source[j] * balance[j] : source[j];
}

static void quantize_rows(const float *source, size_t source_stride, size_t rows, size_t columns, int32_t zero_point,
                          const float *balance, uint8_t *target, size_t target_stride, float *scale) {
    float top = zero_point == 0 ? 255 : 127;
    for (size_t row = 0; row < rows; row++, source += source_stride, target += target_stride) {
        // Magnitudes are compared as integers, so that NaN is the largest of all.
        uint32_t largest = 0;
        for (size_t j = 0; j < columns; j++) {
            uint32_t magnitude = swl_bits(balanced(source, balance, j)) & 0x7FFFFFFF;
            largest = magnitude > largest ? magnitude : largest;
        }
        float maximum = swl_float(largest);
        bool finite = largest < 0x7F800000, zero = maximum < SWL_QUANTIZE_MINIMUM;
        scale[row] = !finite ? NAN : zero ? 0 : maximum / top;
        memset(target, zero_point, target_stride);
        if (!finite || zero) continue;
        float factor = top / maximum;
        for (size_t j = 0; j < columns; j++) {
            int32_t value = swl_round(balanced(source, balance, j) * factor) + zero_point;
            target[j] = (uint8_t)(value < 0 ? 0 : value);
        }
    }
}

void swl_quantize_rows_scalar(const float *source, size_t source_stride, size_t rows, size_t columns,
                              int32_t zero_point, const float *balance, size_t rotation, uint8_t *target,
                              size_t target_stride, float *scale) {
    if (rotation == 0) {
        quantize_rows(source, source_stride, rows, columns, zero_point, balance, target, target_stride, scale);
        return;
    }
    for (size_t row = 0; row < rows; row++) {
        float rotated[SWL_MOST_ROTATED];
        for (size_t j = 0; j < columns; j++) rotated[j] = balanced(source + row * source_stride, balance, j);
        for (size_t j = 0; j < columns; j += rotation) swl_rotate_block_scalar(rotated + j, rotation);
        quantize_rows(rotated, columns, 1, columns, zero_point, NULL, target + row * target_stride, target_stride,
                      scale + row);
    }
}
