#include "../internal.h"

#if SWL_X86

#include "lanes.h"

#include "../lanes/accumulate.h"
#include "../lanes/attention.h"

SWL_DEFINE_ATTENTION(avx2)

#endif
