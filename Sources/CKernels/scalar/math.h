/// The scalar kernels' declarations, and elementary functions for one float.
///
/// The functions have no branches, so that the compiler can vectorize loops over them for its baseline, and no fused
/// multiply-add, so that every such loop gives the same bits. NaN in, NaN out. Tests hold the stated errors against the
/// C library's doubles over each function's whole range.
#ifndef CKERNELS_SCALAR_MATH_H
#define CKERNELS_SCALAR_MATH_H

#include "../internal.h"

#include <math.h>

SWL_DECLARE_PRODUCTS(scalar)
SWL_DECLARE_ROWS(scalar)
void swl_attention_bf16_scalar(const swl_attention *attention);
void swl_attention_int16_scalar(const swl_attention *attention);

/// e^x with a relative error under 2e-7; 0 below -87 (where floats become subnormal), saturating at e^88.
///
/// Cody and Waite's reduction x = n ln 2 + r with the minimax polynomial of Moshier's Cephes `expf`.
static inline float swl_exp_scalar(float x) {
    // Adding 1.5 * 2^23 rounds to the nearest integer n and leaves n in the sum's low bits.
    const float rounding = 12582912.0f;
    float limited = x > 88.0f ? 88.0f : x;
    float shifted = limited * 1.44269504f + rounding;
    float n = shifted - rounding;
    float r = (limited - n * 0.693359375f) + n * 2.1219444e-4f;
    float series = r * 1.9875691e-4f + 1.3981999e-3f;
    series = series * r + 8.333452e-3f;
    series = series * r + 4.1665796e-2f;
    series = series * r + 1.6666665e-1f;
    series = series * r + 0.5f;
    float fraction = series * (r * r) + r + 1.0f;
    float power = swl_float((swl_bits(shifted) << 23) + 0x3F800000u);
    return limited < -87.0f ? 0.0f : fraction * power;
}

/// The normal distribution function (1 + erf(x / sqrt 2)) / 2, with an absolute error under 3e-7.
///
/// The upper tail is e^(-z^2) t P(t) / 2 with z = |x| / sqrt 2 and t = 1 / (1 + 0.4 z), the form of Abramowitz and
/// Stegun 7.1.26; P is a minimax fit of degree 8 made for this project (relative error 5.8e-8 before rounding).
static inline float swl_normal_distribution_scalar(float x) {
    float t = 1.0f / (fabsf(x) * 0.70710677f * 0.4f + 1.0f);
    float series = t * 0.04027482f - 0.1355063f;
    series = series * t + 0.073913924f;
    series = series * t + 0.09964877f;
    series = series * t + 0.07156308f;
    series = series * t + 0.1969402f;
    series = series * t + 0.20096428f;
    series = series * t + 0.22657494f;
    series = series * t + 0.22562643f;
    float tail = series * t * swl_exp_scalar(x * x * -0.5f) * 0.5f;
    return x < 0.0f ? tail : 1.0f - tail;
}

/// max(x, 0); NaN stays NaN.
static inline float swl_relu_scalar(float x) {
    return x < 0.0f ? 0.0f : x;
}

/// x (1 + erf(x / sqrt 2)) / 2.
static inline float swl_gelu_scalar(float x) {
    return x * swl_normal_distribution_scalar(x);
}

/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, as x / (1 + e^-2y) of tanh's y; the quotient's error is under
/// 3e-7.
static inline float swl_gelu_tanh_scalar(float x) {
    float exponent = (x * x * x * 0.044715f + x) * -1.5957691f;
    return x / (1.0f + (exponent > 88.0f ? INFINITY : swl_exp_scalar(exponent)));
}

/// Rotates one block by Sylvester's construction: by sums and differences of larger and larger halves.
static inline void swl_rotate_block_scalar(float *block, size_t rotation) {
    for (size_t half = 1; half < rotation; half *= 2) {
        for (size_t first = 0; first < rotation; first += 2 * half) {
            for (size_t j = first; j < first + half; j++) {
                float left = block[j], right = block[j + half];
                block[j] = left + right;
                block[j + half] = left - right;
            }
        }
    }
}

#endif
