/// NEON's vectors: four lanes, with fused multiply-add, on every 64-bit ARM.
#ifndef CKERNELS_NEON_LANES_H
#define CKERNELS_NEON_LANES_H

#define SWL_LANES 4

#include "../lanes/lanes.h"

SWL_DECLARE_PRODUCTS(neon)
SWL_DECLARE_ROWS(neon)
void swl_gemm_int8_neondotprod(const swl_gemm *product);

#endif
