#include "../internal.h"

#if SWL_ARM64

#include "lanes.h"

#include "accumulate.h"

#include "../lanes/gemm_f32.h"

SWL_DEFINE_GEMM(swl_gemm_f32_neon, 1)

#endif
