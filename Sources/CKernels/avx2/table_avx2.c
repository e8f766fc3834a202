#include "../internal.h"

#if SWL_X86

#include "lanes.h"

/// Whether the CPU has vpdpbusd on vectors of 32 bytes without AVX-512.
static bool has_avx_vnni(void) { return swl_cpuid(7, 1, SWL_EAX, 4); }

SWL_TABLE(avx2) {
    if (!swl_has_avx2_fma()) return false;
    table->panel = SWL_VECTOR;
    table->gemm_f32 = swl_gemm_f32_avx2;
    table->gemm_f32_name = "gemm_f32_6x16_avx2";
    table->gemm_bf16 = swl_gemm_bf16_avx2;
    table->gemm_bf16_name = "gemm_bf16_6x16_avx2";
    table->gemm_int8 = swl_gemm_int8_avx2;
    table->gemm_int8_name = "gemm_int8_4x16_avx2";
    if (has_avx_vnni()) {
        table->gemm_int8 = swl_gemm_int8_avxvnni;
        table->gemm_int8_name = "gemm_int8_6x16_avxvnni";
    }
    table->attention = swl_attention_avx2;
    table->attention_bf16 = swl_attention_avx2;
    table->attention_int16 = swl_attention_avx2;
    table->attention_scratch = swl_attention_scratch_avx2;
    table->narrow_rows = swl_narrow_rows_avx2;
    table->quantize_rows = swl_quantize_rows_avx2;
    table->activate_rows = swl_activate_rows_avx2;
    table->scale_shift_rows = swl_scale_shift_rows_avx2;
    table->layer_norm_rows = swl_layer_norm_rows_avx2;
    table->sum_rows = swl_sum_rows_avx2;
    return true;
}

#else

SWL_NO_TABLE(avx2)

#endif
