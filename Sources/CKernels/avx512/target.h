/// The features that the AVX-512 functions are compiled for, and the functions that its tables hold.
///
/// Functions that need only the features of every AVX-512 table are marked SWL_AVX512 and SWL_AVX512_INLINE. Functions
/// that are compiled for the including file's own features, SWL_TARGET, are marked SWL_FUNCTION and SWL_INLINE.
#ifndef CKERNELS_AVX512_TARGET_H
#define CKERNELS_AVX512_TARGET_H

#include "../internal.h"

#define SWL_AVX512_FEATURES "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"
#define SWL_AVX512 __attribute__((target(SWL_AVX512_FEATURES)))
#define SWL_AVX512_INLINE static inline SWL_AVX512 __attribute__((always_inline))

#define SWL_FUNCTION __attribute__((target(SWL_TARGET)))
#define SWL_INLINE static inline __attribute__((always_inline, target(SWL_TARGET)))

SWL_DECLARE_PRODUCTS(avx512)
SWL_DECLARE_ROWS(avx512)
void swl_gemm_bf16_avx512bf16(const swl_gemm *product);
void swl_gemm_int8_avx512vnni(const swl_gemm *product);
void swl_attention_bf16_avx512bf16(const swl_attention *attention);
void swl_attention_int16_avx512vnni(const swl_attention *attention);
void swl_narrow_rows_avx512bf16(const float *source, size_t source_stride, size_t rows, size_t columns,
                                uint16_t *target, size_t target_stride);

#endif
