/// NEON's vectors: four lanes, with fused multiply-add, on every 64-bit ARM.
#ifndef CKERNELS_NEON_LANES_H
#define CKERNELS_NEON_LANES_H

#define SWL_LANES 4

// A file that is compiled for FEAT_BF16 defines SWL_NARROW_BF16.
#ifdef SWL_NARROW_BF16
#include <arm_neon.h>
#define SWL_NARROWED(x) ((halves)vcvt_bf16_f32((float32x4_t)(x)))
#endif

#include "../lanes/lanes.h"

SWL_DECLARE_PRODUCTS(neon)
SWL_DECLARE_ROWS(neon)
void swl_gemm_int8_neondotprod(const swl_gemm *product);
void swl_gemm_int8_neoni8mm(const swl_gemm *product);
void swl_gemm_int8_sve(const swl_gemm *product);
void swl_gemm_bf16_sve(const swl_gemm *product);
void swl_gemm_bf16_neonbf16(const swl_gemm *product);
void swl_narrow_rows_neonbf16(const float *source, size_t source_stride, size_t rows, size_t columns, uint16_t *target,
                              size_t target_stride);

#endif
