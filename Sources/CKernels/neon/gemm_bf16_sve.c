#include "../internal.h"

#if SWL_ARM64

#include <arm_sve.h>

typedef svfloat32_t squared_sums;

#include "sve.h"

SWL_INLINE squared_sums add_square(squared_sums sums, svuint8_t rows, svuint8_t columns) {
    return svbfmmla_f32(sums, svreinterpret_bf16_u8(rows), svreinterpret_bf16_u8(columns));
}

SWL_INLINE squared_sums start_sums(const swl_gemm *p, size_t column) { return (void)p, (void)column, svdup_n_f32(0); }

SWL_INLINE void finish_sums(const swl_gemm *p, size_t row, size_t column, svuint64_t left, svuint64_t right) {
    svfloat32_t first = svreinterpret_f32_u64(left), second = svreinterpret_f32_u64(right);
    if (p->bias) {
        first = svadd_f32_x(svptrue_b32(), first, load_half(p->bias + column));
        second = svadd_f32_x(svptrue_b32(), second, load_half(p->bias + column + sve_floats));
    }
    finish_row(p, row, column, first, second);
}

SWL_DEFINE_SVE_TILE(sizeof(uint16_t))
SWL_DEFINE_GEMM(swl_gemm_bf16_sve, 2)

#endif
