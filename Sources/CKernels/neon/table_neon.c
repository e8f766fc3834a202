#include "../internal.h"

#if SWL_ARM64

#include "lanes.h"

/// NEON's extensions: sdot for ARMv8.2-A; usmmla and bfmmla for ARMv8.6-A, and both in SVE's vectors of 256 bits.
typedef struct {
    bool dotprod, i8mm, bf16, sve;
} neon_features;

#if defined(__linux__)
#include <sys/auxv.h>

#include <sys/prctl.h>

/// The number of bits in SVE's vectors, as the operating system has set it; 0 without SVE.
static long sve_bits(void) {
    // PR_SVE_GET_VL, whose low 16 bits are the number of bytes.
    long answer = prctl(51);
    return answer < 0 ? 0 : (answer & 0xFFFF) * 8;
}

/// The CPU's features; the numbers of the bits are those of Linux's Documentation/arch/arm64/elf_hwcaps.
static neon_features cpu_features(void) {
    unsigned long first = getauxval(AT_HWCAP), second = getauxval(AT_HWCAP2);
    bool sve_i8mm = second >> 9 & 1, sve_bf16 = second >> 12 & 1;
    return (neon_features){.dotprod = first >> 20 & 1, .i8mm = second >> 13 & 1, .bf16 = second >> 14 & 1,
                           .sve = sve_i8mm && sve_bf16 && sve_bits() == 256};
}
#else
static neon_features cpu_features(void) { return (neon_features){0}; }
#endif

static bool fill(swl_kernels *table, neon_features features) {
    table->panel = SWL_VECTOR;
    table->gemm_f32 = swl_gemm_f32_neon;
    table->gemm_f32_name = "gemm_f32_6x16_neon";
    table->gemm_bf16 = swl_gemm_bf16_neon;
    table->gemm_bf16_name = "gemm_bf16_4x16_neon";
    table->narrow_rows = swl_narrow_rows_neon;
    if (features.bf16) {
        table->widens_bf16 = false;
        table->bf16_group = 4;
        table->gemm_bf16 = swl_gemm_bf16_neonbf16;
        table->gemm_bf16_name = "gemm_bf16_6x16_neonbf16";
        table->narrow_rows = swl_narrow_rows_neonbf16;
    }
    table->gemm_int8 = swl_gemm_int8_neon;
    table->gemm_int8_name = "gemm_int8_2x16_neon";
    if (features.dotprod) {
        table->gemm_int8 = swl_gemm_int8_neondotprod;
        table->gemm_int8_name = "gemm_int8_6x16_neondotprod";
    }
    if (features.i8mm) {
        table->int8_group = 8;
        table->gemm_int8 = swl_gemm_int8_neoni8mm;
        table->gemm_int8_name = "gemm_int8_6x16_neoni8mm";
    }
    if (features.sve) {
        table->widens_bf16 = false;
        table->bf16_group = 4;
        table->gemm_bf16 = swl_gemm_bf16_sve;
        table->gemm_bf16_name = "gemm_bf16_8x16_sve";
        table->int8_group = 8;
        table->gemm_int8 = swl_gemm_int8_sve;
        table->gemm_int8_name = "gemm_int8_8x16_sve";
    }
    table->attention = swl_attention_neon;
    table->attention_bf16 = swl_attention_neon;
    table->attention_int16 = swl_attention_neon;
    table->attention_scratch = swl_attention_scratch_neon;
    table->quantize_rows = swl_quantize_rows_neon;
    table->activate_rows = swl_activate_rows_neon;
    table->scale_shift_rows = swl_scale_shift_rows_neon;
    table->layer_norm_rows = swl_layer_norm_rows_neon;
    table->sum_rows = swl_sum_rows_neon;
    return true;
}

/// NEON itself is part of every 64-bit ARM.
SWL_TABLE(neon) { return fill(table, cpu_features()); }

SWL_TABLE(neon86) {
    neon_features features = cpu_features();
    return features.i8mm && features.bf16 && fill(table, (neon_features){.i8mm = true, .bf16 = true});
}

SWL_TABLE(neon82) {
    neon_features features = cpu_features();
    return features.dotprod && fill(table, (neon_features){.dotprod = true});
}

SWL_TABLE(neon80) { return fill(table, (neon_features){0}); }

#else

SWL_NO_TABLE(neon)
SWL_NO_TABLE(neon86)
SWL_NO_TABLE(neon82)
SWL_NO_TABLE(neon80)

#endif
