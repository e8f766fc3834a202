#include "../internal.h"

#if SWL_X86

bool swl_fill_avx512(swl_kernels *table, const swl_cpu *cpu) {
    if (!cpu->avx512) return false;
    table->panel = 64;
    table->gemm_f32 = swl_gemm_f32_avx512;
    table->gemm_f32_name = "gemm_f32_6x64_avx512";
    table->gemm_bf16 = swl_gemm_bf16_avx512;
    table->gemm_bf16_name = "gemm_bf16_6x64_avx512";
    table->narrow_rows = swl_narrow_rows_avx512;
    if (cpu->avx512_bf16) {
        table->narrow_rows = swl_narrow_rows_avx512bf16;
        table->gemm_bf16 = swl_gemm_bf16_avx512bf16;
        table->gemm_bf16_name = "gemm_bf16_6x64_avx512bf16";
    }
    table->gemm_int8 = swl_gemm_int8_avx512;
    table->gemm_int8_name = "gemm_int8_6x64_avx512";
    table->quantize_rows = swl_quantize_rows_avx512;
    if (cpu->avx512_vnni) {
        table->gemm_int8 = swl_gemm_int8_avx512vnni;
        table->gemm_int8_name = "gemm_int8_6x64_avx512vnni";
    }
    table->attention = swl_attention_avx512;
    table->attention_bf16 = cpu->avx512_bf16 ? swl_attention_bf16_avx512bf16 : swl_attention_avx512;
    table->attention_scratch = swl_attention_scratch_avx512;
    table->activate_rows = swl_activate_rows_avx512;
    table->scale_shift_rows = swl_scale_shift_rows_avx512;
    table->layer_norm_rows = swl_layer_norm_rows_avx512;
    table->sum_rows = swl_sum_rows_avx512;
    return true;
}

#else

bool swl_fill_avx512(swl_kernels *table, const swl_cpu *cpu) {
    (void)table;
    (void)cpu;
    return false;
}

#endif
