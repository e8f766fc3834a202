#include "../internal.h"

#if SWL_X86

#include "lanes.h"

#include "../lanes/narrow.h"
#include "../lanes/rows.h"

SWL_DEFINE_NARROW(avx2)
SWL_DEFINE_ROWS(avx2)

#endif
