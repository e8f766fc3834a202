#include "math.h"

SWL_TABLE(scalar) {
    table->gemm_f32_name = "gemm_f32_1x16_scalar";
    table->gemm_bf16_name = "gemm_bf16_1x16_scalar";
    table->gemm_int8_name = "gemm_int8_1x16_scalar";
    table->panel = SWL_VECTOR;
    table->bf16_group = 2;
    table->int8_group = 4;
    table->widens_bf16 = true;
    table->gemm_f32 = swl_gemm_f32_scalar;
    table->gemm_bf16 = swl_gemm_bf16_scalar;
    table->gemm_int8 = swl_gemm_int8_scalar;
    table->narrow_rows = swl_narrow_rows_scalar;
    table->quantize_rows = swl_quantize_rows_scalar;
    table->attention = swl_attention_scalar;
    table->attention_bf16 = swl_attention_bf16_scalar;
    table->attention_int16 = swl_attention_int16_scalar;
    table->attention_scratch = swl_attention_scratch_scalar;
    table->activate_rows = swl_activate_rows_scalar;
    table->scale_shift_rows = swl_scale_shift_rows_scalar;
    table->layer_norm_rows = swl_layer_norm_rows_scalar;
    table->sum_rows = swl_sum_rows_scalar;
    return true;
}
