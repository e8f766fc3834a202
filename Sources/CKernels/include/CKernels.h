/// The encoder's arithmetic kernels, in a table for each instruction set. Every kernel has a scalar twin.
///
/// A kernel's result for one row of activations depends on that row alone: each output is summed over the inner
/// dimension in one fixed order, whatever the number of rows, the tile that holds it or the slice of columns asked for.
/// So a text's result has the same bits in every batch.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "training.h"

/// Rows of activations and columns of packed weights are rounded up to a multiple of this many floats, which is one
/// 64-byte cache line.
#define SWL_VECTOR 16
/// The most columns of a row that can be rotated before it is quantized: four such rows take 64 KB of the stack.
#define SWL_MOST_ROTATED 4096

/// The activation that a product's epilogue applies to each value.
typedef enum {
    SWL_LINEAR = 0,
    /// max(x, 0); NaN stays NaN.
    SWL_RELU = 1,
    /// x (1 + erf(x / sqrt 2)) / 2.
    SWL_GELU = 2,
    /// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
    SWL_GELU_TANH = 3,
} swl_activation;

/// C = epilogue(A W^T) for some of the columns of C.
///
/// epilogue: v = sum (int8: dequantized); v += bias; v = activation(v); v += the value in C, if `accumulate`;
/// v = v * scale + shift, if `scale` is given; C = v, and `narrow` = v as bfloat16, where they are given.
/// Columns between the matrix's width and the next multiple of SWL_VECTOR are written too (weights there are zero).
typedef struct {
    /// The number of rows of A and C.
    size_t rows;
    /// Columns of A, which are the layer's inputs as packed (bf16: rounded up to a multiple of 2; int8: of 4; A's
    /// padding there is zero). If A is in floats, they are the layer's inputs themselves.
    size_t inner;
    /// Outputs of the layer, rounded up to SWL_VECTOR.
    size_t columns;
    /// The columns to compute: from `first_column`, a multiple of the panel's width, up to `end_column`, which is
    /// another multiple or `columns`.
    size_t first_column, end_column;
    /// A: float, uint16_t (bfloat16, but float if the kernels widen weights) or uint8_t, row-major; `a_stride` elements
    /// from row to row.
    const void *a;
    size_t a_stride;
    /// int8 only: A's value is (a - a_zero_point) * a_scale[row].
    const float *a_scale;
    int32_t a_zero_point;
    /// W, packed by swl_pack_*.
    const void *weight;
    /// The address at which the caller's next product begins to read its weights, or null. Those weights are prefetched
    /// while this product's last panel is multiplied.
    const void *next_weight;
    /// bf16 only, for kernels that widen weights: memory for one panel of floats, swl_widened_floats(panel, inner) of
    /// them, used by this call only, or null. With it, products of many rows are faster; their bits are the same.
    float *widened;
    /// int8 only: scale of each output, and the sum of each output's packed weights.
    const float *weight_scale;
    const int32_t *weight_sum;
    /// C; null if only `narrow` is wanted (then `accumulate` must be false).
    float *c;
    size_t c_stride;
    /// C as bfloat16, round to nearest even; may be null.
    uint16_t *narrow;
    size_t narrow_stride;
    /// `columns` values each, or null.
    const float *bias, *scale, *shift;
    swl_activation activation;
    bool accumulate;
} swl_gemm;

/// Scaled dot-product attention of one text, for some heads and some of its queries: context = softmax(queries keys^T)
/// values. The queries must be scaled already.
///
/// Row i of head h begins at `pointer + i * stride + h * head_size`. The keys and values are rows 0..<length.
typedef struct {
    const float *queries, *keys, *values;
    size_t query_stride, key_stride, value_stride;
    float *context;
    size_t context_stride;
    /// Keys.
    size_t length;
    size_t head_size;
    size_t first_head, end_head;
    size_t first_query, end_query;
    /// Scratch memory: swl_kernels.attention_scratch(length, head_size) floats, aligned to 64 bytes, used by this call
    /// only.
    float *scratch;
} swl_attention;

/// The kernels for one instruction set.
typedef struct {
    /// "scalar", "neon", "avx2" or "avx512"; "avx512bf16" uses the extension for bfloat16 also where "avx512" does not,
    /// because it is slower; "avx512amx" multiplies in AMX's tiles. Tables for tests lack extensions that the CPU may
    /// have: "avx512f" is AVX-512 without those for bfloat16 and int8; "neon80" is ARMv8.0's NEON; "neon82" is
    /// ARMv8.2's, with dot products; "neon86" is ARMv8.6's, with matrix instructions but without SVE.
    const char *name;
    /// Prepares the process for the kernels, which may not be called before; null if nothing is to be done. It returns
    /// null, or the reason for which they cannot be used, and may be called again.
    const char *(*start)(void);
    /// The product kernels' own names, such as "gemm_int8_6x64_avx512vnni".
    const char *gemm_f32_name, *gemm_bf16_name, *gemm_int8_name;
    /// Columns of a panel of packed weights.
    size_t panel;
    /// The number of a column's weights that are packed side by side: bf16 2 or 4, int8 4 or 8.
    size_t bf16_group, int8_group;
    /// Whether `gemm_bf16` takes A in floats and widens the weights to floats, because the CPU multiplies floats faster
    /// than bfloat16, or cannot multiply bfloat16 at all.
    bool widens_bf16;
    void (*gemm_f32)(const swl_gemm *product);
    void (*gemm_bf16)(const swl_gemm *product);
    /// Sums are int32_t, so a layer may have at most 65,536 inputs: 65,536 * 255 * 127 < 2^31.
    void (*gemm_int8)(const swl_gemm *product);
    /// Writes rows as bfloat16 (nearest even; NaN stays NaN), zeros up to `target_stride`.
    void (*narrow_rows)(const float *source, size_t source_stride, size_t rows, size_t columns, uint16_t *target,
                        size_t target_stride);
    /// Quantizes each row separately. First the row's values are multiplied by `balance`, if that is not null, and
    /// rotated, if `rotation` is not 0 (see swl_rotation). Up to `target_stride`, the row is filled with the value that
    /// stands for zero. With `zero_point` 128: x = (q - 128) * scale, scale = max |x| / 127. With 0, for rows without
    /// negative values: x = q * scale, scale = max x / 255. If a balanced and rotated row holds NaN or an infinity, its
    /// scale is NaN. If no value is above 2^-100 in magnitude, its scale is 0.
    void (*quantize_rows)(const float *source, size_t source_stride, size_t rows, size_t columns, int32_t zero_point,
                          const float *balance, size_t rotation, uint8_t *target, size_t target_stride, float *scale);
    void (*attention)(const swl_attention *attention);
    /// Attention with queries, keys, values and softmax's exponentials rounded to bfloat16 before each product, and
    /// sums in single precision. If the CPU does not multiply bfloat16, it may be `attention` itself.
    void (*attention_bf16)(const swl_attention *attention);
    /// Attention with operands rounded to 16-bit integers: queries and keys of a head by a factor for each row, values
    /// by one for each column, softmax's exponentials by one for each query. The integers have at least 11 bits besides
    /// their sign in heads of up to 256; sums are exact. An infinity counts as NaN. Short texts stay in floats. If the
    /// CPU does not multiply such integers faster than floats, it may be another attention.
    void (*attention_int16)(const swl_attention *attention);
    /// The number of floats of scratch memory that all kinds of attention need.
    size_t (*attention_scratch)(size_t length, size_t head_size);
    /// x = activation(x + bias) in place; bias may be null.
    void (*activate_rows)(float *x, size_t stride, size_t rows, size_t columns, const float *bias,
                          swl_activation activation);
    /// x = x * scale + shift in place, transformers' NoNorm.
    void (*scale_shift_rows)(float *x, size_t stride, size_t rows, size_t columns, const float *scale,
                             const float *shift);
    /// x = LayerNorm(x + shift) in place, biased variance, statistics in double precision.
    void (*layer_norm_rows)(float *x, size_t stride, size_t rows, size_t columns, const float *shift,
                            const float *weight, const float *bias, double epsilon);
    /// sums[column] = the sum over all rows, in double precision, in row order.
    void (*sum_rows)(const float *x, size_t stride, size_t rows, size_t columns, double *sums);
} swl_kernels;

/// The kernels of that name, or null if this CPU or build lacks them. "scalar" is always there.
const swl_kernels *swl_kernels_named(const char *name);
/// The name of one of the tables that an operator may choose. The fastest comes first, and tables that this CPU lacks
/// are included; null after the last.
const char *swl_kernels_name(size_t index);
/// Whether products of bfloat16 and int8 agree with the scalar ones, for a small product.
bool swl_products_agree(const swl_kernels *kernels);
/// The fastest kernels that this CPU has.
const swl_kernels *swl_kernels_best(void);

/// The size of the blocks in which rows of `columns` columns are rotated: the largest power of two that divides
/// `columns`, up to 128. It is 0 if that power is below SWL_VECTOR or there are more than SWL_MOST_ROTATED columns.
///
/// A block x becomes H x, where H is Sylvester's Hadamard matrix of ones and minus ones. The rotation spreads every
/// value over the whole block, so that one large value takes less of the 8-bit range from the others.
size_t swl_rotation(size_t columns);
/// Multiplies the blocks of each row of weights by H / rotation, H's inverse, in place.
void swl_rotate_weights(float *rows, size_t stride, size_t count, size_t columns, size_t rotation);

/// Bytes of a packed weight; its memory must be aligned to 64 bytes.
size_t swl_packed_bytes_f32(size_t outputs, size_t inputs);
size_t swl_packed_bytes_bf16(size_t outputs, size_t inputs);
size_t swl_packed_bytes_int8(size_t outputs, size_t inputs);
/// Packs outputs first_output..<end_output of a row-major [outputs, inputs] matrix. Both bounds are multiples of the
/// panel or the matrix's end. The matrix's rows are `stride` floats apart; `rows` points at row first_output. Panel p
/// holds outputs p * panel to the next panel's first (or to the outputs rounded up to SWL_VECTOR, the last panel being
/// narrower), inner-major: f32 [inputs][width], bf16 and int8 [inputs / group][width][group], missing values zero. The
/// inputs are rounded up to a multiple of 2 (bf16) or 4 (int8); if that is not a multiple of the group, the last group
/// has only 2 or 4.
void swl_pack_f32(const float *rows, size_t stride, size_t first_output, size_t end_output, size_t outputs,
                  size_t inputs, size_t panel, float *packed);
void swl_pack_bf16(const float *rows, size_t stride, size_t first_output, size_t end_output, size_t outputs,
                   size_t inputs, size_t panel, size_t group, uint16_t *packed);
/// Packs and quantizes each output separately, symmetrically to -127...127; `scale` and `sum` have places for all
/// outputs, rounded up to SWL_VECTOR, and are written from first_output on.
void swl_pack_int8(const float *rows, size_t stride, size_t first_output, size_t end_output, size_t outputs,
                   size_t inputs, size_t panel, size_t group, int8_t *packed, float *scale, int32_t *sum);

/// Floats of a panel of bfloat16 weights, widened.
static inline size_t swl_widened_floats(size_t panel, size_t inputs) { return panel * ((inputs + 1) / 2 * 2); }

/// Tells the CPU that the caller is spinning.
static inline void swl_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
