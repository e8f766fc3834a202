#include "../internal.h"

#if SWL_X86

// 6 rows: 12 of the 16 registers hold sums, 2 weights and 1 an activation.
#include "lanes.h"

#include "../lanes/accumulate.h"
#include "../lanes/gemm_f32.h"

SWL_DEFINE_GEMM(swl_gemm_f32_avx2, 1)

#endif
