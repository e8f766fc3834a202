#include "../internal.h"

#if SWL_ARM64

#include "lanes.h"

#include "../lanes/narrow.h"
#include "../lanes/rows.h"

SWL_DEFINE_NARROW(neon)
SWL_DEFINE_ROWS(neon)

#endif
