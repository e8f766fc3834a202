#include "math.h"

/// Applies the epilogue to one row's SWL_VECTOR sums from `column` on and writes them.
static void finish(const swl_gemm *p, size_t row, size_t column, const float *sums) {
    for (size_t j = 0; j < SWL_VECTOR; j++) {
        size_t at = column + j;
        float v = sums[j];
        if (p->bias) v += p->bias[at];
        if (p->activation == SWL_RELU) v = swl_relu_scalar(v);
        if (p->activation == SWL_GELU) v = swl_gelu_scalar(v);
        if (p->activation == SWL_GELU_TANH) v = swl_gelu_tanh_scalar(v);
        if (p->accumulate) v += p->c[row * p->c_stride + at];
        if (p->scale) v = v * p->scale[at] + p->shift[at];
        if (p->c) p->c[row * p->c_stride + at] = v;
        if (p->narrow) p->narrow[row * p->narrow_stride + at] = swl_narrow(v);
    }
}

void swl_gemm_f32_scalar(const swl_gemm *p) {
    for (size_t column = p->first_column; column < p->end_column; column += SWL_VECTOR) {
        const float *weight = (const float *)p->weight + column * p->inner;
        for (size_t row = 0; row < p->rows; row++) {
            const float *a = (const float *)p->a + row * p->a_stride;
            float sums[SWL_VECTOR] = {0};
            for (size_t k = 0; k < p->inner; k++) {
                SWL_UNROLL for (size_t j = 0; j < SWL_VECTOR; j++) sums[j] += a[k] * weight[k * SWL_VECTOR + j];
            }
            finish(p, row, column, sums);
        }
    }
}

void swl_gemm_bf16_scalar(const swl_gemm *p) {
    for (size_t column = p->first_column; column < p->end_column; column += SWL_VECTOR) {
        const uint16_t *weight = (const uint16_t *)p->weight + column * swl_round_up(p->inner, 2);
        for (size_t row = 0; row < p->rows; row++) {
            const float *a = (const float *)p->a + row * p->a_stride;
            float sums[SWL_VECTOR] = {0};
            for (size_t k = 0; k < p->inner; k++) {
                const uint16_t *inputs = weight + k / 2 * 2 * SWL_VECTOR + k % 2;
                SWL_UNROLL for (size_t j = 0; j < SWL_VECTOR; j++) sums[j] += a[k] * swl_widen(inputs[2 * j]);
            }
            finish(p, row, column, sums);
        }
    }
}

void swl_gemm_int8_scalar(const swl_gemm *p) {
    for (size_t column = p->first_column; column < p->end_column; column += SWL_VECTOR) {
        const int8_t *weight = (const int8_t *)p->weight + column * p->inner;
        for (size_t row = 0; row < p->rows; row++) {
            const uint8_t *a = (const uint8_t *)p->a + row * p->a_stride;
            int32_t totals[SWL_VECTOR] = {0};
            for (size_t k = 0; k < p->inner; k += 4) {
                const int8_t *quads = weight + k * SWL_VECTOR;
                SWL_UNROLL for (size_t j = 0; j < SWL_VECTOR; j++) {
                    SWL_UNROLL for (size_t i = 0; i < 4; i++) totals[j] += (int32_t)a[k + i] * quads[4 * j + i];
                }
            }
            float sums[SWL_VECTOR];
            for (size_t j = 0; j < SWL_VECTOR; j++) {
                int32_t total = totals[j] - p->a_zero_point * p->weight_sum[column + j];
                sums[j] = (float)total * p->weight_scale[column + j] * p->a_scale[row];
            }
            finish(p, row, column, sums);
        }
    }
}
