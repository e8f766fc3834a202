#include "../internal.h"

#if SWL_X86

#include <math.h>

#pragma clang attribute push(                                                                                        \
    __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

#define SWL_TRAINING_TABLE swl_training_avx512
#define SWL_TRAINING_NAME "avx512"

#include "functions.h"

#pragma clang attribute pop

#endif
