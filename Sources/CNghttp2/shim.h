// libnghttp2 1.52 or later (Debian 12's): the HTTP/2 frame layer and HPACK. The `ssize_t` forms are used
// throughout, because the `nghttp2_ssize` ones came after 1.52.
#ifndef SWIFTLET_CNGHTTP2_SHIM_H
#define SWIFTLET_CNGHTTP2_SHIM_H

#include <nghttp2/nghttp2.h>

#endif
