/// The features that the AVX-512 functions are compiled for.
///
/// What needs no more than each AVX-512 table does is marked SWL_AVX512 and SWL_AVX512_INLINE. What is compiled for
/// the features of the file that includes it is marked SWL_FUNCTION and SWL_INLINE; the file names them by SWL_TARGET.
#ifndef CKERNELS_AVX512_TARGET_H
#define CKERNELS_AVX512_TARGET_H

#define SWL_AVX512_FEATURES "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"
#define SWL_AVX512 __attribute__((target(SWL_AVX512_FEATURES)))
#define SWL_AVX512_INLINE static inline SWL_AVX512 __attribute__((always_inline))

#define SWL_FUNCTION __attribute__((target(SWL_TARGET)))
#define SWL_INLINE static inline __attribute__((always_inline, target(SWL_TARGET)))

#endif
