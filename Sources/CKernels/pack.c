#include "scalar/math.h"

#include <math.h>

/// The number of inputs of one output that are packed before the next output's. With so few, the panel's written cache
/// lines stay in the L1 cache.
enum { input_block = 32 };

static size_t packed_elements(size_t outputs, size_t inputs, size_t group) {
    return swl_round_up(outputs, SWL_VECTOR) * swl_round_up(inputs, group);
}

size_t swl_packed_bytes_f32(size_t outputs, size_t inputs) {
    return packed_elements(outputs, inputs, 1) * sizeof(float);
}

size_t swl_packed_bytes_bf16(size_t outputs, size_t inputs) {
    return packed_elements(outputs, inputs, 2) * sizeof(uint16_t);
}

size_t swl_packed_bytes_int8(size_t outputs, size_t inputs) { return packed_elements(outputs, inputs, 4); }

/// A panel: outputs `first` to `first + width`, of which the first `present` exist.
typedef struct {
    size_t first, width, present;
} panel_range;

static panel_range panel_from(size_t first, size_t end_output, size_t outputs, size_t panel) {
    size_t width = swl_min(panel, swl_round_up(outputs, SWL_VECTOR) - first);
    size_t end = swl_min(swl_min(end_output, outputs), first + width);
    return (panel_range){first, width, end - first};
}

void swl_pack_f32(const float *rows, size_t stride, size_t first_output, size_t end_output, size_t outputs,
                  size_t inputs, size_t panel, float *packed) {
    for (size_t first = first_output; first < end_output; first += panel) {
        panel_range range = panel_from(first, end_output, outputs, panel);
        const float *source = rows + (first - first_output) * stride;
        float *target = packed + first * inputs;
        for (size_t k0 = 0; k0 < inputs; k0 += input_block) {
            size_t k1 = swl_min(k0 + input_block, inputs);
            for (size_t j = 0; j < range.width; j++) {
                for (size_t k = k0; k < k1; k++) {
                    target[k * range.width + j] = j < range.present ? source[j * stride + k] : 0;
                }
            }
        }
    }
}

/// The weights of a panel's output `j`, from input `k0` up to `k1`, in groups; `group` is a constant at each call, and
/// `k0` is a multiple of it.
static inline __attribute__((always_inline)) void pack_output_bf16(const float *row, size_t j, panel_range range,
                                                                   size_t k0, size_t k1, size_t inputs, size_t group,
                                                                   uint16_t *target) {
    for (size_t first = k0; first < k1; first += group) {
        size_t count = swl_min(group, k1 - first);
        uint16_t *weights = target + first * range.width + j * count;
        for (size_t i = 0; i < count; i++) {
            weights[i] = j < range.present && first + i < inputs ? swl_narrow(row[first + i]) : 0;
        }
    }
}

void swl_pack_bf16(const float *rows, size_t stride, size_t first_output, size_t end_output, size_t outputs,
                   size_t inputs, size_t panel, size_t group, uint16_t *packed) {
    size_t depth = swl_round_up(inputs, 2);
    for (size_t first = first_output; first < end_output; first += panel) {
        panel_range range = panel_from(first, end_output, outputs, panel);
        uint16_t *target = packed + first * depth;
        for (size_t k0 = 0; k0 < depth; k0 += input_block) {
            size_t k1 = swl_min(k0 + input_block, depth);
            for (size_t j = 0; j < range.width; j++) {
                const float *row = rows + (first + swl_min(j, range.present - 1) - first_output) * stride;
                if (group == 4) {
                    pack_output_bf16(row, j, range, k0, k1, inputs, 4, target);
                } else {
                    pack_output_bf16(row, j, range, k0, k1, inputs, 2, target);
                }
            }
        }
    }
}

size_t swl_rotation(size_t columns) {
    size_t power = columns & -columns;
    return power < SWL_VECTOR || columns > SWL_MOST_ROTATED ? 0 : swl_min(power, 128);
}

void swl_rotate_weights(float *rows, size_t stride, size_t count, size_t columns, size_t rotation) {
    // The factor is a power of two, so the product is exact.
    float factor = 1.0f / (float)rotation;
    for (size_t row = 0; row < count; row++, rows += stride) {
        for (size_t j = 0; j < columns; j++) rows[j] *= factor;
        for (size_t j = 0; j < columns; j += rotation) swl_rotate_block_scalar(rows + j, rotation);
    }
}

/// Sets an output's scale and returns the factor that takes its weights to -127...127; 0 if there is no finite one.
static float quantizing_factor(const float *row, size_t inputs, float *scale) {
    uint32_t largest = 0;
    for (size_t k = 0; k < inputs; k++) {
        uint32_t magnitude = swl_bits(row[k]) & 0x7FFFFFFF;
        largest = magnitude > largest ? magnitude : largest;
    }
    float maximum = swl_float(largest);
    if (largest >= 0x7F800000) {
        *scale = NAN;
        return 0;
    }
    if (maximum < SWL_QUANTIZE_MINIMUM) {
        *scale = 0;
        return 0;
    }
    *scale = maximum / 127;
    return 127 / maximum;
}

/// Quantizes the weights of a panel's output `j` in groups, and returns their sum; `group` is a constant at each call.
static inline __attribute__((always_inline)) int32_t pack_output_int8(const float *row, size_t j, size_t width,
                                                                      size_t inputs, size_t group, float factor,
                                                                      int8_t *target) {
    int32_t sum = 0;
    for (size_t first = 0; first < inputs; first += group) {
        size_t count = swl_min(group, swl_round_up(inputs - first, 4)), end = swl_min(inputs - first, group);
        int8_t *weights = target + first * width + j * count;
        for (size_t i = 0; i < end; i++) {
            int32_t value = swl_round(row[first + i] * factor);
            weights[i] = (int8_t)value;
            sum += value;
        }
    }
    return sum;
}

void swl_pack_int8(const float *rows, size_t stride, size_t first_output, size_t end_output, size_t outputs,
                   size_t inputs, size_t panel, size_t group, int8_t *packed, float *scale, int32_t *sum) {
    size_t depth = swl_round_up(inputs, 4);
    for (size_t first = first_output; first < end_output; first += panel) {
        panel_range range = panel_from(first, end_output, outputs, panel);
        int8_t *target = packed + first * depth;
        memset(target, 0, range.width * depth);
        for (size_t j = 0; j < range.width; j++) {
            scale[first + j] = 0;
            sum[first + j] = 0;
            if (j >= range.present) continue;
            const float *row = rows + (first + j - first_output) * stride;
            float factor = quantizing_factor(row, inputs, &scale[first + j]);
            // If the factor is 0, all values stay zero, without a multiplication: infinity times 0 would be NaN.
            if (factor == 0) continue;
            sum[first + j] = group == 8 ? pack_output_int8(row, j, range.width, inputs, 8, factor, target)
                                        : pack_output_int8(row, j, range.width, inputs, 4, factor, target);
        }
    }
}
