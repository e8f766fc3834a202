#include "../internal.h"

#include <math.h>

#define SWL_TRAINING_TABLE swl_training_baseline
#define SWL_TRAINING_NAME "baseline"

#include "functions.h"
