/// Vectors of SWL_LANES values in Clang's notation, so that one source serves all instruction sets whose vectors differ
/// only in their width. Such a set's "lanes.h" defines SWL_LANES, and SWL_TARGET if its functions need features
/// that the build's target lacks.
#ifndef CKERNELS_LANES_LANES_H
#define CKERNELS_LANES_LANES_H

#include "../internal.h"

#ifdef SWL_TARGET
#define SWL_FUNCTION __attribute__((target(SWL_TARGET)))
#else
#define SWL_FUNCTION
#endif
#define SWL_INLINE static inline __attribute__((always_inline)) SWL_FUNCTION

typedef float floats __attribute__((ext_vector_type(SWL_LANES)));
typedef uint32_t words __attribute__((ext_vector_type(SWL_LANES)));
typedef int32_t integers __attribute__((ext_vector_type(SWL_LANES)));
typedef double doubles __attribute__((ext_vector_type(SWL_LANES)));
typedef uint16_t halves __attribute__((ext_vector_type(SWL_LANES)));
typedef uint8_t bytes __attribute__((ext_vector_type(SWL_LANES)));

enum { lane_count = SWL_LANES };

SWL_INLINE floats load_floats(const float *source) {
    floats value;
    memcpy(&value, source, sizeof value);
    return value;
}

SWL_INLINE void store_floats(float *target, floats value) { memcpy(target, &value, sizeof value); }

SWL_INLINE words load_words(const void *source) {
    words value;
    memcpy(&value, source, sizeof value);
    return value;
}

/// Loads the next vector of a row. If the row has only `left` values left, the lanes after them are zero.
SWL_INLINE floats load_up_to(size_t left, const float *source) {
    if (left >= lane_count) return load_floats(source);
    floats value = 0;
    memcpy(&value, source, left * sizeof(float));
    return value;
}

/// Stores a whole vector, or the `left` values that a row has left. The number of bytes is a constant except at a row's
/// end.
#define SWL_STORE_UP_TO(left, target, vector)                                                                         \
    do {                                                                                                              \
        if ((left) >= lane_count) {                                                                                   \
            memcpy(target, &(vector), lane_count * sizeof *(target));                                                 \
        } else {                                                                                                      \
            memcpy(target, &(vector), (left) * sizeof *(target));                                                     \
        }                                                                                                             \
    } while (false)

/// a b + c, rounded once.
SWL_INLINE floats multiply_add(floats a, floats b, floats c) { return __builtin_elementwise_fma(a, b, c); }

/// The order of summation within a vector: its halves are combined until one lane is left.
#if SWL_LANES == 8
#define SWL_REDUCE(vector, combine) SWL_REDUCE_4(combine((vector).lo, (vector).hi), combine)
#else
#define SWL_REDUCE(vector, combine) SWL_REDUCE_4(vector, combine)
#endif
#define SWL_REDUCE_4(vector, combine)                                                                                 \
    ({                                                                                                                \
        __auto_type four = (vector);                                                                                  \
        __auto_type two = combine(four.lo, four.hi);                                                                  \
        combine(two.lo, two.hi);                                                                                      \
    })
#define SWL_SUM(a, b) ((a) + (b))

/// The even inputs of pairs of bfloat16, as floats, and the odd ones.
SWL_INLINE floats even_inputs(words pairs) { return (floats)(pairs << 16); }

SWL_INLINE floats odd_inputs(words pairs) { return (floats)(pairs & 0xFFFF0000); }

/// Converts floats to bfloat16, nearest even; NaN stays NaN. A set's "lanes.h" defines SWL_NARROWED if the CPU has an
/// instruction for it.
#ifdef SWL_NARROWED
SWL_INLINE halves narrowed(floats x) { return SWL_NARROWED(x); }
#else
SWL_INLINE halves narrowed(floats x) {
    words bits = (words)x;
    words rounded = bits + 0x7FFF + ((bits >> 16) & 1);
    rounded = x != x ? bits | 0x400000 : rounded;
    return __builtin_convertvector(rounded >> 16, halves);
}
#endif

#endif
