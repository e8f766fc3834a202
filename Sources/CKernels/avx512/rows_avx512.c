#include "../internal.h"

#if SWL_X86

#include "math.h"

#include <math.h>

SWL_AVX512_INLINE __m512 activated(__m512 x, swl_activation activation) {
    if (activation == SWL_RELU) return swl_relu_avx512(x);
    if (activation == SWL_GELU_TANH) return swl_gelu_tanh_avx512(x);
    return activation == SWL_GELU ? swl_gelu_avx512(x) : x;
}

/// One activation's rows; `activation` is a constant at each call.
SWL_AVX512_INLINE void activate(float *x, size_t stride, size_t rows, size_t columns, const float *bias,
                                swl_activation activation) {
    __mmask16 last = swl_last_lanes(columns);
    for (size_t row = 0; row < rows; row++, x += stride) {
        for (size_t column = 0; column < columns; column += 16) {
            __mmask16 lanes = columns - column > 16 ? 0xFFFF : last;
            __m512 value = _mm512_maskz_loadu_ps(lanes, x + column);
            if (bias) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(lanes, bias + column));
            _mm512_mask_storeu_ps(x + column, lanes, activated(value, activation));
        }
    }
}

SWL_AVX512 void swl_activate_rows_avx512(float *x, size_t stride, size_t rows, size_t columns, const float *bias,
                                         swl_activation activation) {
    if (columns == 0 || (activation == SWL_LINEAR && !bias)) return;
    switch (activation) {
    case SWL_LINEAR: activate(x, stride, rows, columns, bias, SWL_LINEAR); break;
    case SWL_RELU: activate(x, stride, rows, columns, bias, SWL_RELU); break;
    case SWL_GELU: activate(x, stride, rows, columns, bias, SWL_GELU); break;
    case SWL_GELU_TANH: activate(x, stride, rows, columns, bias, SWL_GELU_TANH); break;
    }
}

SWL_AVX512 void swl_scale_shift_rows_avx512(float *x, size_t stride, size_t rows, size_t columns, const float *scale,
                                            const float *shift) {
    if (columns == 0) return;
    __mmask16 last = swl_last_lanes(columns);
    for (size_t row = 0; row < rows; row++, x += stride) {
        for (size_t column = 0; column < columns; column += 16) {
            __mmask16 lanes = columns - column > 16 ? 0xFFFF : last;
            __m512 factor = _mm512_maskz_loadu_ps(lanes, scale + column);
            __m512 value = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(lanes, x + column), factor,
                                           _mm512_maskz_loadu_ps(lanes, shift + column));
            _mm512_mask_storeu_ps(x + column, lanes, value);
        }
    }
}

SWL_AVX512_INLINE __m512d low_doubles(__m512 x) {
    return _mm512_cvtps_pd(_mm512_castps512_ps256(x));
}

SWL_AVX512_INLINE __m512d high_doubles(__m512 x) {
    return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
}

/// Adds `shift` to a row; returns the sum of the row.
SWL_AVX512_INLINE double shift_and_sum(float *x, size_t columns, const float *shift) {
    __m512d low = _mm512_setzero_pd(), high = _mm512_setzero_pd();
    for (size_t column = 0; column < columns; column += 16) {
        __mmask16 lanes = columns - column > 16 ? 0xFFFF : swl_last_lanes(columns);
        __m512 value = _mm512_add_ps(_mm512_maskz_loadu_ps(lanes, x + column),
                                     _mm512_maskz_loadu_ps(lanes, shift + column));
        _mm512_mask_storeu_ps(x + column, lanes, value);
        low = _mm512_add_pd(low, low_doubles(value));
        high = _mm512_add_pd(high, high_doubles(value));
    }
    return _mm512_reduce_add_pd(_mm512_add_pd(low, high));
}

/// The sum of the squared distances from the mean.
SWL_AVX512_INLINE double squared_distances(const float *x, size_t columns, __m512 mean) {
    __m512d low = _mm512_setzero_pd(), high = _mm512_setzero_pd();
    for (size_t column = 0; column < columns; column += 16) {
        __mmask16 lanes = columns - column > 16 ? 0xFFFF : swl_last_lanes(columns);
        __m512 value = _mm512_maskz_sub_ps(lanes, _mm512_maskz_loadu_ps(lanes, x + column), mean);
        low = _mm512_fmadd_pd(low_doubles(value), low_doubles(value), low);
        high = _mm512_fmadd_pd(high_doubles(value), high_doubles(value), high);
    }
    return _mm512_reduce_add_pd(_mm512_add_pd(low, high));
}

SWL_AVX512 void swl_layer_norm_rows_avx512(float *x, size_t stride, size_t rows, size_t columns, const float *shift,
                                           const float *weight, const float *bias, double epsilon) {
    if (columns == 0) return;
    for (size_t row = 0; row < rows; row++, x += stride) {
        __m512 mean = _mm512_set1_ps((float)(shift_and_sum(x, columns, shift) / (double)columns));
        double variance = squared_distances(x, columns, mean) / (double)columns;
        __m512 scale = _mm512_set1_ps((float)(1.0 / sqrt(variance + epsilon)));
        for (size_t column = 0; column < columns; column += 16) {
            __mmask16 lanes = columns - column > 16 ? 0xFFFF : swl_last_lanes(columns);
            __m512 value = _mm512_sub_ps(_mm512_maskz_loadu_ps(lanes, x + column), mean);
            value = _mm512_mul_ps(value, scale);
            value = _mm512_fmadd_ps(value, _mm512_maskz_loadu_ps(lanes, weight + column),
                                    _mm512_maskz_loadu_ps(lanes, bias + column));
            _mm512_mask_storeu_ps(x + column, lanes, value);
        }
    }
}

SWL_AVX512 void swl_sum_rows_avx512(const float *x, size_t stride, size_t rows, size_t columns, double *sums) {
    for (size_t column = 0; column < columns; column += 16) {
        __mmask16 lanes = columns - column > 16 ? 0xFFFF : swl_last_lanes(columns);
        __m512d low = _mm512_setzero_pd(), high = _mm512_setzero_pd();
        for (size_t row = 0; row < rows; row++) {
            __m512 value = _mm512_maskz_loadu_ps(lanes, x + row * stride + column);
            low = _mm512_add_pd(low, low_doubles(value));
            high = _mm512_add_pd(high, high_doubles(value));
        }
        _mm512_mask_storeu_pd(sums + column, (__mmask8)lanes, low);
        _mm512_mask_storeu_pd(sums + column + 8, (__mmask8)(lanes >> 8), high);
    }
}

#endif
