#include "../internal.h"

#if SWL_X86 || defined(SWL_TILE_MODEL)

#define SWL_TILE_MULTIPLY(sums, a, weight) _tile_dpbf16ps(sums, a, weight)
#include "tiles.h"

SWL_INLINE void finish_rows(const swl_gemm *p, size_t row, size_t column, size_t rows, const uint32_t *sums) {
    tile_sums v;
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < panel_vectors; j++) {
            v[r][j] = (floats)load_words(sums + r * block_columns + j * lane_count);
        }
    }
    add_bias(p, column, rows, v);
    finish_tile(p, row, column, rows, v);
}

static SWL_FUNCTION void finish(const swl_gemm *p, size_t row, size_t column, size_t rows, const uint32_t *sums) {
    if (rows == tile_rows) return finish_rows(p, row, column, tile_rows, sums);
    for (size_t r = 0; r < rows; r++) finish_rows(p, row + r, column, 1, sums + r * block_columns);
}

/// The instruction treats subnormal numbers as zero. It sums the products of even inputs and of odd ones separately,
/// for each 32 inputs, and then adds both to the sum.
SWL_FUNCTION void swl_gemm_bf16_amx(const swl_gemm *p) { multiply_tiles(p, sizeof(uint16_t), finish); }

#endif
