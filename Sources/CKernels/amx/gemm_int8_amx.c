#include "../internal.h"

#if SWL_X86 || defined(SWL_TILE_MODEL)

// A's bytes have no sign, weights have one.
#define SWL_TILE_MULTIPLY(sums, a, weight) _tile_dpbusd(sums, a, weight)
#include "tiles.h"

SWL_INLINE void finish_rows(const swl_gemm *p, size_t row, size_t column, size_t rows, const uint32_t *sums) {
    tile_totals totals;
    start_totals(p, p->a_zero_point, column, rows, totals);
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < panel_vectors; j++) {
            totals[r][j] += (integers)load_words(sums + r * block_columns + j * lane_count);
        }
    }
    finish_totals(p, row, column, rows, totals);
}

static SWL_FUNCTION void finish(const swl_gemm *p, size_t row, size_t column, size_t rows, const uint32_t *sums) {
    if (rows == tile_rows) return finish_rows(p, row, column, tile_rows, sums);
    for (size_t r = 0; r < rows; r++) finish_rows(p, row + r, column, 1, sums + r * block_columns);
}

SWL_FUNCTION void swl_gemm_int8_amx(const swl_gemm *p) { multiply_tiles(p, sizeof(uint8_t), finish); }

#endif
