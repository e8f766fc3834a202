/// AdamW (arXiv 1711.05101) as `torch.optim.AdamW` computes it, in one pass over parameters, gradients and moments.

/// The moments decay towards the clipped gradient and its square; the parameter decays by itself.
static inline void adamw_value(float *parameter, float gradient, float *first, float *second, swl_adamw step) {
    float g = gradient * step.gradient_scale;
    float m = *first + (g - *first) * (1 - step.beta1);
    float v = *second * step.beta2 + g * g * (1 - step.beta2);
    *first = m;
    *second = v;
    float denominator = __builtin_elementwise_sqrt(v) * step.second_correction + step.epsilon;
    *parameter = *parameter * step.decay - step.step_size * (m / denominator);
}

static void adamw(float *restrict parameters, const float *restrict gradient, float *restrict first,
                  float *restrict second, size_t count, swl_adamw step) {
    if (gradient) {
        for (size_t i = 0; i < count; i++) adamw_value(parameters + i, gradient[i], first + i, second + i, step);
    } else {
        for (size_t i = 0; i < count; i++) adamw_value(parameters + i, 0, first + i, second + i, step);
    }
}
