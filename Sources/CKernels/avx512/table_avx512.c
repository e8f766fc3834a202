#include "../internal.h"

#if SWL_X86

#include "target.h"

/// Fills the table for a CPU with AVX-512. `bf16` and `vnni` say whether the CPU has the extensions for bfloat16 and
/// int8.
static bool fill(swl_kernels *table, bool bf16, bool vnni) {
    if (!swl_has_avx512()) return false;
    table->panel = 64;
    table->gemm_f32 = swl_gemm_f32_avx512;
    table->gemm_f32_name = "gemm_f32_6x64_avx512";
    table->gemm_bf16 = swl_gemm_bf16_avx512;
    table->gemm_bf16_name = "gemm_bf16_6x64_avx512";
    table->narrow_rows = swl_narrow_rows_avx512;
    if (bf16) {
        table->widens_bf16 = false;
        table->narrow_rows = swl_narrow_rows_avx512bf16;
        table->gemm_bf16 = swl_gemm_bf16_avx512bf16;
        table->gemm_bf16_name = "gemm_bf16_6x64_avx512bf16";
    }
    table->gemm_int8 = swl_gemm_int8_avx512;
    table->gemm_int8_name = "gemm_int8_6x64_avx512";
    table->quantize_rows = swl_quantize_rows_avx512;
    if (vnni) {
        table->gemm_int8 = swl_gemm_int8_avx512vnni;
        table->gemm_int8_name = "gemm_int8_6x64_avx512vnni";
    }
    table->attention = swl_attention_avx512;
    table->attention_bf16 = bf16 ? swl_attention_bf16_avx512bf16 : swl_attention_avx512;
    // vdpbf16ps, where it is fast, and vpdpwssd do as much in a cycle.
    table->attention_int16 = bf16 ? table->attention_bf16 : swl_attention_avx512;
    if (vnni && !bf16) table->attention_int16 = swl_attention_int16_avx512vnni;
    table->attention_scratch = swl_attention_scratch_avx512;
    table->activate_rows = swl_activate_rows_avx512;
    table->scale_shift_rows = swl_scale_shift_rows_avx512;
    table->layer_norm_rows = swl_layer_norm_rows_avx512;
    table->sum_rows = swl_sum_rows_avx512;
    return true;
}

/// Whether the CPU has vdpbf16ps, which multiplies pairs of bfloat16.
static bool has_bf16(void) { return swl_cpuid(7, 1, SWL_EAX, 5); }

/// Whether the CPU has vpdpbusd, which multiplies groups of four bytes.
static bool has_vnni(void) { return swl_cpuid(7, 0, SWL_ECX, 11); }

/// The kernels that are chosen by themselves. On AMD's CPUs vdpbf16ps does twice as many multiplications a second as
/// float32's vfmadd. On Intel's it does half as many (Emerald Rapids), so weights are widened to floats there, and
/// attention in bfloat16 is computed in float32.
SWL_TABLE(avx512) { return fill(table, has_bf16() && !swl_is_intel(), has_vnni()); }

/// A table with vdpbf16ps on every CPU that has it.
SWL_TABLE(avx512bf16) { return has_bf16() && fill(table, true, has_vnni()); }

/// A table without the extensions, even if the CPU has them.
SWL_TABLE(avx512f) { return fill(table, false, false); }

#else

SWL_NO_TABLE(avx512)
SWL_NO_TABLE(avx512bf16)
SWL_NO_TABLE(avx512f)

#endif
