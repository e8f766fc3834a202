/// Counts heap allocations, so that a test can check that a hot path makes none.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/// Whether this C library allows its allocator to be replaced; if not, the count stays 0.
bool allocations_are_counted(void);

/// Allocations of the calling thread since it began: malloc, calloc, realloc and the aligned forms.
int64_t allocations_of_this_thread(void);

#endif
