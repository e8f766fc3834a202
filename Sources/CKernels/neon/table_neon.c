#include "../internal.h"

#if SWL_ARM64

#include "lanes.h"

#if defined(__linux__)
#include <sys/auxv.h>

/// Whether the CPU has sdot, an extension of ARMv8.2-A's NEON; see Linux's Documentation/arch/arm64/elf_hwcaps.
static bool has_dotprod(void) { return getauxval(AT_HWCAP) >> 20 & 1; }
#else
static bool has_dotprod(void) { return false; }
#endif

/// NEON itself is part of every 64-bit ARM.
SWL_TABLE(neon) {
    table->panel = SWL_VECTOR;
    table->gemm_f32 = swl_gemm_f32_neon;
    table->gemm_f32_name = "gemm_f32_6x16_neon";
    table->gemm_bf16 = swl_gemm_bf16_neon;
    table->gemm_bf16_name = "gemm_bf16_4x16_neon";
    table->gemm_int8 = swl_gemm_int8_neon;
    table->gemm_int8_name = "gemm_int8_2x16_neon";
    if (has_dotprod()) {
        table->gemm_int8 = swl_gemm_int8_neondotprod;
        table->gemm_int8_name = "gemm_int8_6x16_neondotprod";
    }
    table->attention = swl_attention_neon;
    table->attention_bf16 = swl_attention_neon;
    table->attention_scratch = swl_attention_scratch_neon;
    table->narrow_rows = swl_narrow_rows_neon;
    table->quantize_rows = swl_quantize_rows_neon;
    table->activate_rows = swl_activate_rows_neon;
    table->scale_shift_rows = swl_scale_shift_rows_neon;
    table->layer_norm_rows = swl_layer_norm_rows_neon;
    table->sum_rows = swl_sum_rows_neon;
    return true;
}

#else

SWL_NO_TABLE(neon)

#endif
