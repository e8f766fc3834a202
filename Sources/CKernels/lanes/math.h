/// Elementary functions on a vector of floats. NaN in, NaN out, lane by lane. Tests hold the stated errors
/// against the C library's doubles.
#ifndef CKERNELS_LANES_MATH_H
#define CKERNELS_LANES_MATH_H

#include "lanes.h"

#include <math.h>

/// 2^x for x up to 127 with a relative error under 2e-7; 0 below -126, where floats become subnormal.
///
/// The factor 2^floor(x) comes from its exponent's bits, the rest from a minimax polynomial on 0..<1 made for this
/// project (relative error 7.5e-8 before rounding). For -infinity the rest is NaN, but the result is 0, because
/// -infinity is below -126.
SWL_INLINE floats exp2_of(floats x) {
    floats whole = __builtin_elementwise_floor(x), r = x - whole;
    floats series = multiply_add(r, 1.8775767e-3f, 8.989339e-3f);
    series = multiply_add(series, r, 5.5826318e-2f);
    series = multiply_add(series, r, 2.4015371e-1f);
    series = multiply_add(series, r, 6.931531e-1f);
    series = multiply_add(series, r, 9.9999994e-1f);
    floats power = (floats)(((words)(whole + SWL_ROUNDING) << 23) + 0x3F800000);
    return x < -126.0f ? 0.0f : series * power;
}

/// The normal distribution function (1 + erf(x / sqrt 2)) / 2, with an absolute error under 3e-7: the series of the
/// scalar kernels.
SWL_INLINE floats normal_distribution(floats x) {
    floats t = 1.0f / multiply_add(__builtin_elementwise_abs(x), 0.70710677f * 0.4f, 1.0f);
    floats series = multiply_add(t, 0.04027482f, -0.1355063f);
    series = multiply_add(series, t, 0.073913924f);
    series = multiply_add(series, t, 0.09964877f);
    series = multiply_add(series, t, 0.07156308f);
    series = multiply_add(series, t, 0.1969402f);
    series = multiply_add(series, t, 0.20096428f);
    series = multiply_add(series, t, 0.22657494f);
    series = multiply_add(series, t, 0.22562643f);
    floats tail = series * t * exp2_of(x * x * (-0.5f * 1.44269504f)) * 0.5f;
    return x < 0.0f ? tail : 1.0f - tail;
}

/// max(x, 0); NaN stays NaN.
SWL_INLINE floats relu(floats x) { return x < 0.0f ? 0.0f : x; }

/// x (1 + erf(x / sqrt 2)) / 2.
SWL_INLINE floats gelu(floats x) { return x * normal_distribution(x); }

/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2: x / (1 + 2^(-2y log2 e)) of tanh's y.
SWL_INLINE floats gelu_tanh(floats x) {
    floats exponent = multiply_add(x * x * x, 0.044715f, x) * (-1.5957691f * 1.44269504f);
    return x / (1.0f + (exponent > 126.0f ? (floats){0} + INFINITY : exp2_of(exponent)));
}

#endif
