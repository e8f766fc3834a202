/// A model of AMX's tiles in software, from the definitions of the instructions in Intel's Software Developer's Manual.
/// The kernels of Sources/CKernels/amx are compiled over it, so that they run on every CPU. What the manual calls a
/// fault ends the program.
#ifndef CROSS_KERNELS_TILES_H
#define CROSS_KERNELS_TILES_H

#include <stddef.h>

#define SWL_LANES 4

void model_load_configuration(const void *configuration);
void model_release(void);
void model_zero(size_t tile);
void model_load(size_t tile, const void *base, size_t stride);
void model_store(size_t tile, void *base, size_t stride);
void model_multiply_bf16(size_t sums, size_t a, size_t b);
void model_multiply_bytes(size_t sums, size_t a, size_t b);

#define _tile_loadconfig model_load_configuration
#define _tile_release model_release
#define _tile_zero model_zero
#define _tile_loadd model_load
#define _tile_stored model_store
#define _tile_dpbf16ps model_multiply_bf16
#define _tile_dpbusd model_multiply_bytes

#endif
