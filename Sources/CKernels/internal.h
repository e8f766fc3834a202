/// What the files of this target share: the functions that fill the tables, by instruction set.
#ifndef CKERNELS_INTERNAL_H
#define CKERNELS_INTERNAL_H

#include "CKernels.h"

#include <string.h>

#if defined(__x86_64__)
#define SWL_X86 1
#endif
#if defined(__aarch64__)
#define SWL_ARM64 1
#endif

/// Declares the functions of the rows' family for one instruction set; a table takes those that there are.
#define SWL_DECLARE_ROWS(isa)                                                                                         \
    void swl_attention_##isa(const swl_attention *attention);                                                         \
    size_t swl_attention_scratch_##isa(size_t length, size_t head_size);                                              \
    void swl_activate_rows_##isa(float *x, size_t stride, size_t rows, size_t columns, const float *bias,             \
                                 swl_activation activation);                                                          \
    void swl_scale_shift_rows_##isa(float *x, size_t stride, size_t rows, size_t columns, const float *scale,         \
                                    const float *shift);                                                              \
    void swl_layer_norm_rows_##isa(float *x, size_t stride, size_t rows, size_t columns, const float *shift,          \
                                   const float *weight, const float *bias, double epsilon);                           \
    void swl_sum_rows_##isa(const float *x, size_t stride, size_t rows, size_t columns, double *sums);

/// Declares the functions of the products' family for one instruction set.
#define SWL_DECLARE_PRODUCTS(isa)                                                                                     \
    void swl_gemm_f32_##isa(const swl_gemm *product);                                                                 \
    void swl_gemm_bf16_##isa(const swl_gemm *product);                                                                \
    void swl_gemm_int8_##isa(const swl_gemm *product);                                                                \
    void swl_narrow_rows_##isa(const float *source, size_t source_stride, size_t rows, size_t columns,                \
                               uint16_t *target, size_t target_stride);                                               \
    void swl_quantize_rows_##isa(const float *source, size_t source_stride, size_t rows, size_t columns,              \
                                 int32_t zero_point, const float *balance, size_t rotation, uint8_t *target,          \
                                 size_t target_stride, float *scale);

SWL_DECLARE_PRODUCTS(scalar)
SWL_DECLARE_ROWS(scalar)
void swl_attention_bf16_scalar(const swl_attention *attention);
SWL_DECLARE_PRODUCTS(avx512)
void swl_gemm_bf16_avx512bf16(const swl_gemm *product);
void swl_attention_bf16_avx512bf16(const swl_attention *attention);
void swl_gemm_int8_avx512vnni(const swl_gemm *product);
void swl_narrow_rows_avx512bf16(const float *source, size_t source_stride, size_t rows, size_t columns,
                                uint16_t *target, size_t target_stride);
SWL_DECLARE_ROWS(avx512)
SWL_DECLARE_PRODUCTS(avx2)
void swl_gemm_int8_avxvnni(const swl_gemm *product);
SWL_DECLARE_ROWS(avx2)
SWL_DECLARE_PRODUCTS(neon)
void swl_gemm_int8_neondotprod(const swl_gemm *product);
SWL_DECLARE_ROWS(neon)

/// Instruction sets that this CPU has and the operating system saves the registers of.
typedef struct {
    bool avx2_fma;
    /// AVX-512 F, BW, DQ and VL.
    bool avx512;
    bool avx512_bf16;
    bool avx512_vnni;
    /// vpdpbusd on 32-byte vectors without AVX-512.
    bool avx_vnni;
    /// sdot, an extension of ARMv8.2-A's NEON.
    bool dotprod;
} swl_cpu;

swl_cpu swl_detect_cpu(void);

/// Fills a table that holds the scalar functions so far; false where the CPU or the build lacks the instruction set.
bool swl_fill_avx512(swl_kernels *table, const swl_cpu *cpu);
bool swl_fill_avx2(swl_kernels *table, const swl_cpu *cpu);
bool swl_fill_neon(swl_kernels *table, const swl_cpu *cpu);

/// Below it a row's or an output's largest magnitude counts as 0 when it is quantized: its reciprocal must be finite.
#define SWL_QUANTIZE_MINIMUM 0x1p-100f
/// Added to a float below 2^22 in magnitude, it leaves the nearest integer (ties to even) in the low bits.
#define SWL_ROUNDING 0x1.8p23f
#define SWL_ROUNDING_BITS 0x4B400000

static inline uint32_t swl_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float swl_float(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/// The nearest bfloat16, ties to even; NaN becomes a quiet NaN.
static inline uint16_t swl_narrow(float value) {
    uint32_t bits = swl_bits(value);
    uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    return (uint16_t)((bits & 0x7FFFFFFF) > 0x7F800000 ? (bits >> 16) | 0x40 : rounded);
}

static inline float swl_widen(uint16_t value) { return swl_float((uint32_t)value << 16); }

/// The nearest integer of a value below 2^22 in magnitude, ties to even.
static inline int32_t swl_round(float value) { return (int32_t)swl_bits(value + SWL_ROUNDING) - SWL_ROUNDING_BITS; }

static inline size_t swl_round_up(size_t value, size_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

static inline size_t swl_min(size_t a, size_t b) { return a < b ? a : b; }

#endif
