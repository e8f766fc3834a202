#include "rotate.h"

#include <math.h>

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
        // As integers, so that NaN is the largest of all.
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
