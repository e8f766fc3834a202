#include "internal.h"

#include <pthread.h>

static const swl_kernels scalar = {
    .name = "scalar",
    .gemm_f32_name = "gemm_f32_1x16_scalar",
    .gemm_bf16_name = "gemm_bf16_1x16_scalar",
    .gemm_int8_name = "gemm_int8_1x16_scalar",
    .panel = SWL_VECTOR,
    .gemm_f32 = swl_gemm_f32_scalar,
    .gemm_bf16 = swl_gemm_bf16_scalar,
    .gemm_int8 = swl_gemm_int8_scalar,
    .narrow_rows = swl_narrow_rows_scalar,
    .quantize_rows = swl_quantize_rows_scalar,
    .attention = swl_attention_scalar,
    .attention_bf16 = swl_attention_bf16_scalar,
    .attention_scratch = swl_attention_scratch_scalar,
    .activate_rows = swl_activate_rows_scalar,
    .scale_shift_rows = swl_scale_shift_rows_scalar,
    .layer_norm_rows = swl_layer_norm_rows_scalar,
    .sum_rows = swl_sum_rows_scalar,
};

/// Room for the tables of one build, the fastest first, the scalar one last.
enum { table_limit = 4 };
static swl_kernels tables[table_limit];
static size_t table_count;
static pthread_once_t tables_filled = PTHREAD_ONCE_INIT;

typedef bool (*fill_function)(swl_kernels *table, const swl_cpu *cpu);

static void fill_tables(void) {
    swl_cpu cpu = swl_detect_cpu();
    // AVX-512 twice: by all that this CPU has, and by F, BW, DQ and VL alone.
    swl_cpu plain = {.avx2_fma = cpu.avx2_fma, .avx512 = cpu.avx512};
    const struct {
        const char *name;
        fill_function fill;
        const swl_cpu *cpu;
    } candidates[] = {
        {"avx512", swl_fill_avx512, &cpu},
        {"avx512f", swl_fill_avx512, &plain},
        {"avx2", swl_fill_avx2, &cpu},
        {"neon", swl_fill_neon, &cpu},
    };
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        swl_kernels *table = &tables[table_count];
        *table = scalar;
        table->name = candidates[i].name;
        if (candidates[i].fill(table, candidates[i].cpu)) table_count++;
    }
}

const swl_kernels *swl_kernels_named(const char *name) {
    pthread_once(&tables_filled, fill_tables);
    for (size_t i = 0; i < table_count; i++) {
        if (strcmp(name, tables[i].name) == 0) return &tables[i];
    }
    return strcmp(name, scalar.name) == 0 ? &scalar : NULL;
}

const swl_kernels *swl_kernels_best(void) {
    pthread_once(&tables_filled, fill_tables);
    return table_count > 0 ? &tables[0] : &scalar;
}
