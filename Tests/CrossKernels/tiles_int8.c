// The kernel of Sources/CKernels/amx over the model of the tiles.
#define SWL_TILE_MODEL "../../../Tests/CrossKernels/tiles.h"
#define swl_gemm_bf16_amx model_gemm_bf16
#define swl_gemm_int8_amx model_gemm_int8
#include "../../Sources/CKernels/amx/gemm_int8_amx.c"
