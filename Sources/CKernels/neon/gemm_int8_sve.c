#include "../internal.h"

#if SWL_ARM64

#include <arm_sve.h>

typedef svint32_t squared_sums;

#include "sve.h"

SWL_INLINE squared_sums add_square(squared_sums sums, svuint8_t rows, svuint8_t columns) {
    return svusmmla_s32(sums, rows, svreinterpret_s8_u8(columns));
}

/// The negative of the amount that A's zero point adds, for four columns.
SWL_INLINE squared_sums start_sums(const swl_gemm *p, size_t column) {
    svint64_t pairs = svld1_s64(svptrue_pat_b64(SV_VL2), (const int64_t *)(p->weight_sum + column));
    svint32_t sums = svreinterpret_s32_s64(svzip1_s64(pairs, pairs));
    return svmul_n_s32_x(svptrue_b32(), sums, -p->a_zero_point);
}

SWL_INLINE svfloat32_t dequantized(const swl_gemm *p, size_t row, size_t column, svuint64_t sums) {
    svbool_t all = svptrue_b32();
    svfloat32_t total = svcvt_f32_s32_x(all, svreinterpret_s32_u64(sums));
    total = svmul_f32_x(all, total, load_half(p->weight_scale + column));
    svfloat32_t bias = p->bias ? load_half(p->bias + column) : svdup_n_f32(0);
    return svmla_n_f32_x(all, bias, total, p->a_scale[row]);
}

SWL_INLINE void finish_sums(const swl_gemm *p, size_t row, size_t column, svuint64_t left, svuint64_t right) {
    finish_row(p, row, column, dequantized(p, row, column, left), dequantized(p, row, column + sve_floats, right));
}

SWL_DEFINE_SVE_TILE(sizeof(uint8_t))
SWL_DEFINE_GEMM(swl_gemm_int8_sve, 4)

#endif
