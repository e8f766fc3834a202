#include "../internal.h"

#if SWL_X86

#include <math.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define SWL_TRAINING_TABLE swl_training_avx2
#define SWL_TRAINING_NAME "avx2"

#include "functions.h"

#pragma clang attribute pop

#endif
