/// AVX2's vectors: eight lanes, with fused multiply-add.
#ifndef CKERNELS_AVX2_LANES_H
#define CKERNELS_AVX2_LANES_H

#ifndef SWL_TARGET
#define SWL_TARGET "avx2,fma"
#endif
#define SWL_LANES 8

#include "../lanes/lanes.h"

SWL_DECLARE_PRODUCTS(avx2)
SWL_DECLARE_ROWS(avx2)
void swl_gemm_int8_avxvnni(const swl_gemm *product);

#endif
