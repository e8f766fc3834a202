#ifndef SWIFTLET_CLINUX_CHECKED_H
#define SWIFTLET_CLINUX_CHECKED_H

#include <errno.h>

// A call's result, or its errno as a negative number.
static inline int checked(int result) {
    return result < 0 ? -errno : result;
}

#endif
