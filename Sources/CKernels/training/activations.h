/// Activations and their derivatives, each by the formula of transformers' `ACT2FN`.

/// The normal distribution's density.
static inline float normal_density(float x) { return 0.39894228f * swl_exp_scalar(x * x * -0.5f); }

static inline float sigmoid(float x) { return 1 / (1 + swl_exp_scalar(-x)); }

static inline float limit(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

/// 2 sigmoid(2x) - 1 loses digits near 0, where an odd polynomial (Cephes) takes its place.
static inline float hyperbolic_tangent(float x) {
    float square = x * x;
    float series = square * -5.7049887e-3f + 2.0639089e-2f;
    series = series * square - 5.3739716e-2f;
    series = series * square + 1.3331442e-1f;
    series = series * square - 3.3333283e-1f;
    float small = series * square * x + x;
    float large = 1 - 2 / (swl_exp_scalar(2 * fabsf(x)) + 1);
    return fabsf(x) < 0.625f ? small : x < 0 ? -large : large;
}

/// ln(1 + e^x): twice the series of artanh z for z = e^-|x| / (e^-|x| + 2), which is at most 1/3.
static inline float softplus(float x) {
    float e = swl_exp_scalar(-fabsf(x)), z = e / (e + 2), square = z * z;
    float series = square * 0.07692308f + 0.09090909f;
    series = series * square + 0.11111111f;
    series = series * square + 0.14285714f;
    series = series * square + 0.2f;
    series = series * square + 0.33333333f;
    series = series * square + 1;
    return (x < 0 ? 0 : x) + 2 * z * series;
}

/// tanh(softplus(x)); beyond 20 it is 1 in a float, and e^2x would overflow.
static inline float mish_gate(float x) {
    float e = swl_exp_scalar(x > 20 ? 20 : x), product = e * (e + 2);
    return product / (product + 2);
}

static inline float gelu(float x) { return x * swl_normal_distribution_scalar(x); }
static inline float gelu_slope(float x) { return swl_normal_distribution_scalar(x) + x * normal_density(x); }

/// sqrt(2 / pi) (x + 0.044715 x^3), doubled; (1 + tanh(y)) / 2 is sigmoid(2y).
static inline float gelu_tanh_inner(float x) { return (x * x * x * 0.044715f + x) * 1.5957691f; }
static inline float gelu_tanh_slope(float x) {
    float s = sigmoid(gelu_tanh_inner(x));
    return s + x * s * (1 - s) * (x * x * 0.134145f + 1) * 1.5957691f;
}
static inline float gated_slope(float x, float rate) {
    float s = sigmoid(rate * x);
    return s + rate * x * s * (1 - s);
}
static inline float clipped_gelu_slope(float x) { return fabsf(gelu(x)) > 10 ? 0 : gelu_slope(x); }
static inline float laplace_inner(float x) { return (x - 0.707107f) * (1 / 0.282095f); }
static inline float mish_slope(float x) {
    float gate = mish_gate(x);
    return gate + x * (1 - gate * gate) * sigmoid(x);
}
static inline float hardswish_slope(float x) { return x <= -3 ? 0 : x >= 3 ? 1 : x * (1 / 3.0f) + 0.5f; }
static inline float root_softplus(float x) { return __builtin_elementwise_sqrt(softplus(x)); }

#define SWL_FOR_EACH(expression)                                                                                      \
    for (size_t r = 0; r < rows; r++, in += in_stride, out += out_stride) {                                           \
        for (size_t j = 0; j < columns; j++) {                                                                        \
            float x = in[j];                                                                                          \
            out[j] = (expression);                                                                                    \
        }                                                                                                             \
    }                                                                                                                 \
    break

static void activate(const float *in, size_t in_stride, float *out, size_t out_stride, size_t rows, size_t columns,
                     swl_training_activation activation) {
    switch (activation) {
        case SWL_ACT_GELU: SWL_FOR_EACH(gelu(x));
        case SWL_ACT_CLIPPED_GELU: SWL_FOR_EACH(limit(gelu(x), -10, 10));
        case SWL_ACT_GELU_TANH: SWL_FOR_EACH(x * sigmoid(gelu_tanh_inner(x)));
        case SWL_ACT_QUICK_GELU: SWL_FOR_EACH(x * sigmoid(1.702f * x));
        case SWL_ACT_HARDSWISH: SWL_FOR_EACH(x * limit(x + 3, 0, 6) * (1 / 6.0f));
        case SWL_ACT_LAPLACE: SWL_FOR_EACH(swl_normal_distribution_scalar(laplace_inner(x)));
        case SWL_ACT_LEAKY_RELU: SWL_FOR_EACH(x < 0 ? 0.01f * x : x);
        case SWL_ACT_LINEAR: SWL_FOR_EACH(x);
        case SWL_ACT_MISH: SWL_FOR_EACH(x * mish_gate(x));
        case SWL_ACT_RELU: SWL_FOR_EACH(x < 0 ? 0 : x);
        case SWL_ACT_SQUARED_RELU: SWL_FOR_EACH(x < 0 ? 0 : x * x);
        case SWL_ACT_RELU6: SWL_FOR_EACH(limit(x, 0, 6));
        case SWL_ACT_SIGMOID: SWL_FOR_EACH(sigmoid(x));
        case SWL_ACT_SILU: SWL_FOR_EACH(x * sigmoid(x));
        case SWL_ACT_SQRT_SOFTPLUS: SWL_FOR_EACH(root_softplus(x));
        case SWL_ACT_TANH: SWL_FOR_EACH(hyperbolic_tangent(x));
    }
}

static void activate_backward(const float *in, size_t in_stride, float *out, size_t out_stride, size_t rows,
                              size_t columns, swl_training_activation activation) {
    switch (activation) {
        case SWL_ACT_GELU: SWL_FOR_EACH(out[j] * gelu_slope(x));
        case SWL_ACT_CLIPPED_GELU: SWL_FOR_EACH(out[j] * clipped_gelu_slope(x));
        case SWL_ACT_GELU_TANH: SWL_FOR_EACH(out[j] * gelu_tanh_slope(x));
        case SWL_ACT_QUICK_GELU: SWL_FOR_EACH(out[j] * gated_slope(x, 1.702f));
        case SWL_ACT_HARDSWISH: SWL_FOR_EACH(out[j] * hardswish_slope(x));
        case SWL_ACT_LAPLACE: SWL_FOR_EACH(out[j] * normal_density(laplace_inner(x)) * (1 / 0.282095f));
        case SWL_ACT_LEAKY_RELU: SWL_FOR_EACH(x < 0 ? 0.01f * out[j] : out[j]);
        case SWL_ACT_LINEAR: break;
        case SWL_ACT_MISH: SWL_FOR_EACH(out[j] * mish_slope(x));
        case SWL_ACT_RELU: SWL_FOR_EACH(x <= 0 ? 0 : out[j]);
        case SWL_ACT_SQUARED_RELU: SWL_FOR_EACH(x <= 0 ? 0 : 2 * x * out[j]);
        case SWL_ACT_RELU6: SWL_FOR_EACH(x <= 0 || x >= 6 ? 0 : out[j]);
        case SWL_ACT_SIGMOID: SWL_FOR_EACH(out[j] * sigmoid(x) * (1 - sigmoid(x)));
        case SWL_ACT_SILU: SWL_FOR_EACH(out[j] * gated_slope(x, 1));
        case SWL_ACT_SQRT_SOFTPLUS: SWL_FOR_EACH(out[j] * 0.5f * sigmoid(x) / root_softplus(x));
        case SWL_ACT_TANH: SWL_FOR_EACH(out[j] * (1 - hyperbolic_tangent(x) * hyperbolic_tangent(x)));
    }
}

#undef SWL_FOR_EACH
