/// Elementary functions on sixteen floats at once. NaN in, NaN out, lane by lane. Tests hold the stated errors
/// against the C library's doubles.
#ifndef CKERNELS_AVX512_MATH_H
#define CKERNELS_AVX512_MATH_H

#include "target.h"

#include <immintrin.h>

/// 2^x with a relative error under 2e-7; 0 below -149, infinite from 128 on.
///
/// The factor 2^floor(x) comes from scaling the exponent, the rest from a minimax polynomial on 0..<1 made for this
/// project (relative error 7.5e-8 before rounding). Infinities need no special case, because vreduceps turns them into
/// 0.
/// Only some lanes are computed; the others are 0.
SWL_AVX512_INLINE __m512 swl_exp2_lanes_avx512(__mmask16 lanes, __m512 x) {
    __m512 r = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    __m512 series = _mm512_fmadd_ps(r, _mm512_set1_ps(1.8775767e-3f), _mm512_set1_ps(8.989339e-3f));
    series = _mm512_fmadd_ps(series, r, _mm512_set1_ps(5.5826318e-2f));
    series = _mm512_fmadd_ps(series, r, _mm512_set1_ps(2.4015371e-1f));
    series = _mm512_fmadd_ps(series, r, _mm512_set1_ps(6.931531e-1f));
    series = _mm512_fmadd_ps(series, r, _mm512_set1_ps(9.9999994e-1f));
    return _mm512_maskz_scalef_ps(lanes, series, x);
}

SWL_AVX512_INLINE __m512 swl_exp2_avx512(__m512 x) { return swl_exp2_lanes_avx512(0xFFFF, x); }

/// Four vectors' largest lanes: lane i of each quarter of the result is vector i's.
SWL_AVX512_INLINE __m512i swl_largest_lanes_avx512(const __m512i m[4]) {
    __m512i first = _mm512_max_epu32(_mm512_unpacklo_epi32(m[0], m[1]), _mm512_unpackhi_epi32(m[0], m[1]));
    __m512i second = _mm512_max_epu32(_mm512_unpacklo_epi32(m[2], m[3]), _mm512_unpackhi_epi32(m[2], m[3]));
    __m512i all = _mm512_max_epu32(_mm512_unpacklo_epi64(first, second), _mm512_unpackhi_epi64(first, second));
    all = _mm512_max_epu32(all, _mm512_shuffle_i32x4(all, all, 0x4E));
    return _mm512_max_epu32(all, _mm512_shuffle_i32x4(all, all, 0xB1));
}

/// The upper tail of the normal distribution: a polynomial of degree 5 for each sixteenth of 0..<6. The polynomials are
/// minimax fits made for this project (error 4.3e-9 before rounding). Their variable is the distance from the middle of
/// the sixteenth, as a fraction of its width. Row k holds the coefficients of that variable's k-th power.
static const float swl_normal_tail[6][16] __attribute__((aligned(64))) = {
    {4.2563432e-1f, 2.868877e-1f, 1.7425072e-1f, 9.467574e-2f, 4.5753624e-2f, 1.9580077e-2f, 7.3946062e-3f,
     2.4579011e-3f, 7.1754254e-4f, 1.8367018e-4f, 4.1167594e-5f, 8.070996e-6f, 1.3828303e-6f, 2.069014e-7f,
     2.7017615e-8f, 3.0775031e-9f},
    {-1.4699659e-1f, -1.2771285e-1f, -9.640272e-2f, -6.3222446e-2f, -3.6023065e-2f, -1.783271e-2f, -7.669752e-3f,
     -2.8659767e-3f, -9.304465e-4f, -2.6244458e-4f, -6.4314874e-5f, -1.3693455e-5f, -2.533044e-6f, -4.0709975e-7f,
     -5.6844417e-8f, -6.896112e-9f},
    {5.167704e-3f, 1.3469406e-2f, 1.6945561e-2f, 1.55586265e-2f, 1.1398039e-2f, 6.896368e-3f, 3.5053785e-3f,
     1.5113597e-3f, 5.5606954e-4f, 1.7528812e-4f, 4.747319e-5f, 1.1068645e-5f, 2.2250858e-6f, 3.8610742e-7f,
     5.7885764e-8f, 7.503266e-9f},
    {3.324031e-3f, 2.0461688e-3f, 2.736573e-4f, -1.0707565e-3f, -1.5599371e-3f, -1.3599965e-3f, -8.882874e-4f,
     -4.641763e-4f, -1.9976088e-4f, -7.191239e-5f, -2.1860757e-5f, -5.646618e-6f, -1.2446474e-6f, -2.3485438e-7f,
     -3.8024716e-8f, -5.292186e-9f},
    {-1.7800283e-4f, -4.2030413e-4f, -4.1878424e-4f, -2.3265673e-4f, -2.160027e-5f, 9.999756e-5f, 1.2016829e-4f,
     8.691553e-5f, 4.68493e-5f, 2.0086769e-5f, 7.055876e-6f, 2.063928e-6f, 5.0782575e-7f, 1.05812646e-7f,
     1.8759996e-8f, 2.840054e-9f},
    {-6.705104e-5f, -2.5212177e-5f, 2.3484732e-5f, 4.511513e-5f, 3.5335488e-5f, 1.3099637e-5f, -3.2097598e-6f,
     -8.472583e-6f, -6.926108e-6f, -3.815849e-6f, -1.6077289e-6f, -5.4328024e-7f, -1.5080111e-7f, -3.486945e-8f,
     -6.777767e-9f, -1.1144393e-9f},
};

/// The normal distribution function (1 + erf(x / sqrt 2)) / 2, with an absolute error under 1e-7; 0 from -6 down.
SWL_AVX512_INLINE __m512 swl_normal_distribution_avx512(__m512 x) {
    __m512 scaled = _mm512_mul_ps(_mm512_abs_ps(x), _mm512_set1_ps(16.0f / 6.0f));
    __m512i piece = _mm512_cvttps_epi32(scaled);
    __m512 u = _mm512_sub_ps(_mm512_reduce_ps(scaled, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC),
                             _mm512_set1_ps(0.5f));
    __m512 tail = _mm512_permutexvar_ps(piece, _mm512_load_ps(swl_normal_tail[5]));
    for (int k = 4; k >= 0; k--) {
        tail = _mm512_fmadd_ps(tail, u, _mm512_permutexvar_ps(piece, _mm512_load_ps(swl_normal_tail[k])));
    }
    // The comparison is "not greater or equal", so that NaN counts as inside and stays NaN.
    __mmask16 inside = _mm512_cmp_ps_mask(scaled, _mm512_set1_ps(16.0f), _CMP_NGE_UQ);
    tail = _mm512_maskz_mov_ps(inside, tail);
    __mmask16 negative = _mm512_movepi32_mask(_mm512_castps_si512(x));
    return _mm512_mask_sub_ps(tail, _mm512_knot(negative), _mm512_set1_ps(1.0f), tail);
}

/// max(x, 0); NaN stays NaN, because vmaxps returns its second operand if either operand is NaN.
SWL_AVX512_INLINE __m512 swl_relu_avx512(__m512 x) {
    return _mm512_max_ps(_mm512_setzero_ps(), x);
}

/// x (1 + erf(x / sqrt 2)) / 2.
SWL_AVX512_INLINE __m512 swl_gelu_avx512(__m512 x) {
    return _mm512_mul_ps(x, swl_normal_distribution_avx512(x));
}

/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2: x / (1 + 2^(-2y log2 e)) of tanh's y.
SWL_AVX512_INLINE __m512 swl_gelu_tanh_avx512(__m512 x) {
    __m512 cube = _mm512_mul_ps(_mm512_mul_ps(x, x), x);
    __m512 exponent = _mm512_mul_ps(_mm512_fmadd_ps(cube, _mm512_set1_ps(0.044715f), x),
                                    _mm512_set1_ps(-1.5957691f * 1.44269504f));
    return _mm512_div_ps(x, _mm512_add_ps(_mm512_set1_ps(1.0f), swl_exp2_avx512(exponent)));
}

/// A mask of the lanes that `count` values fill in their last vector; all lanes if that vector is full. `count` must be
/// positive.
static inline __mmask16 swl_last_lanes(size_t count) {
    return (__mmask16)(0xFFFF >> (15 - (count - 1) % 16));
}

#endif
