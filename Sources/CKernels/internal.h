/// Declarations and small functions that all files of this target share.
///
/// A file of kernels has the name of the symbol that it defines: gemm_bf16_avx512bf16.c holds swl_gemm_bf16_avx512bf16.
/// The macros at a file's beginning choose, for all headers it includes, the CPU features it is compiled for and the
/// rows of a tile. So a kernel with other features or another tile has a file of its own, however short.
#ifndef CKERNELS_INTERNAL_H
#define CKERNELS_INTERNAL_H

#include "CKernels.h"

#include <string.h>

// The compiler may not contract a product with a sum unless the kernel says so: each table has one order of roundings,
// whatever the compiler.
#pragma clang fp contract(off)

/// Unrolls a loop completely. Its number of turns is a constant once the function around it is inlined, and its arrays
/// become registers. At -O3 the compiler does it unasked; but SwiftPM builds at -O2, and other flags would be unsafe
/// ones, which a package that others depend on should not have.
#define SWL_UNROLL _Pragma("clang loop unroll(full)")

#if defined(__x86_64__)
#define SWL_X86 1
#endif
#if defined(__aarch64__)
#define SWL_ARM64 1
#endif

/// Declares, for one instruction set, attention and the functions that work on rows of floats.
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

/// Declares, for one instruction set, the products and the functions that prepare their inputs.
#define SWL_DECLARE_PRODUCTS(isa)                                                                                     \
    void swl_gemm_f32_##isa(const swl_gemm *product);                                                                 \
    void swl_gemm_bf16_##isa(const swl_gemm *product);                                                                \
    void swl_gemm_int8_##isa(const swl_gemm *product);                                                                \
    void swl_narrow_rows_##isa(const float *source, size_t source_stride, size_t rows, size_t columns,                \
                               uint16_t *target, size_t target_stride);                                               \
    void swl_quantize_rows_##isa(const float *source, size_t source_stride, size_t rows, size_t columns,              \
                                 int32_t zero_point, const float *balance, size_t rotation, uint8_t *target,          \
                                 size_t target_stride, float *scale);

/// Begins the function that fills the table of one instruction set. When it is called, the table holds the scalar
/// functions. It returns false if the CPU lacks the set. kernels.c has the list of the tables.
#define SWL_TABLE(set) bool swl_fill_##set(swl_kernels *table)
/// The function for builds that lack the set.
#define SWL_NO_TABLE(set) SWL_TABLE(set) { return (void)table, false; }

#if SWL_X86
/// The registers in which CPUID answers.
typedef enum { SWL_EAX, SWL_EBX, SWL_ECX, SWL_EDX } swl_register;

/// A bit of CPUID's answer for a leaf and its subleaf, as in Intel's Software Developer's Manual, volume 2; false if
/// the CPU has no such leaf.
bool swl_cpuid(uint32_t leaf, uint32_t subleaf, swl_register index, unsigned bit);

/// Whether the operating system saves all of these state components (XCR0): 0x06 stands for the registers of 32 bytes;
/// 0xE6 stands for the registers of 64 bytes and the masks.
bool swl_saves_state(uint64_t components);

bool swl_has_avx2_fma(void);

/// Whether the CPU has AVX-512's features F, BW, DQ and VL.
bool swl_has_avx512(void);

/// Whether Intel made the CPU.
bool swl_is_intel(void);
#endif

/// Widens pairs of inputs of a panel of `width` columns, [steps / 2][width][2], to floats, [steps][width].
typedef void (*swl_widen_function)(const uint16_t *panel, size_t width, size_t steps, float *widened);

/// A product with weights in bfloat16 by the kernel for floats: each panel is widened once, into `p->widened`, for all
/// rows. Each output is summed in the same order as by a kernel that widens weights in registers.
void swl_gemm_widened(const swl_gemm *p, size_t panel, swl_widen_function widen, void (*gemm_f32)(const swl_gemm *));

/// If a row or an output has no larger magnitude than this, quantization treats it as 0, because the reciprocal of its
/// largest magnitude must be finite.
#define SWL_QUANTIZE_MINIMUM 0x1p-100f
/// Attention in 16-bit integers leaves texts of fewer tokens in floats, because their products are less work than
/// rounding their operands.
#define SWL_ATTENTION_SHORTEST 48
/// Attention in 16-bit integers: the largest integer of a value; the largest one of a weight, which is an exponential
/// of softmax times a factor; and the largest sum of a query's weights. So sums of products stay below 2^31, for texts
/// of up to 250,000 tokens.
#define SWL_ATTENTION_VALUE 8191.0f
#define SWL_ATTENTION_WEIGHT 32767.0f
#define SWL_ATTENTION_WEIGHTS 0x1p17f
/// If this number is added to a float below 2^22 in magnitude, the low bits of the sum hold the nearest integer (ties
/// to even).
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

/// Attention in 16-bit integers: the largest integer of queries and keys, so that sums of `head_size` products stay
/// below 2^31.
static inline float swl_attention_limit(size_t head_size) {
    int32_t limit = (int32_t)__builtin_sqrtf(0x1p31f / (float)head_size) - 1;
    return limit < 32767 ? (float)limit : 32767;
}

static inline size_t swl_round_up(size_t value, size_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

static inline size_t swl_min(size_t a, size_t b) { return a < b ? a : b; }

#endif
