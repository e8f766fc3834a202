// OpenSSL 3.0 or later (Debian 12's). Only CTLS calls it: most of what it offers are macros, and callbacks.
#ifndef SWIFTLET_COPENSSL_SHIM_H
#define SWIFTLET_COPENSSL_SHIM_H

#include <openssl/ssl.h>

#endif
