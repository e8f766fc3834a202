#include "../internal.h"

#if SWL_ARM64

#include "lanes.h"

#include "accumulate.h"

#include "../lanes/attention.h"

SWL_DEFINE_ATTENTION(neon)

#endif
