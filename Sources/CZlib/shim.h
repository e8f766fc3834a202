// zlib 1.2 or later: deflate, with gzip's header and checksum.
#ifndef SWIFTLET_CZLIB_SHIM_H
#define SWIFTLET_CZLIB_SHIM_H

#include <zlib.h>

#endif
