/// Products by Intel's AMX, whose tiles are registers of up to 16 rows of 64 bytes. A file defines SWL_TILE_MULTIPLY
/// before it includes this one: the instruction that adds a tile of A times a tile of weights to a tile of sums.
///
/// Nobody has measured these kernels yet. Tests compile the same source over a model of the tiles in software
/// (SWL_TILE_MODEL), which runs on every CPU. Weights are packed as for AVX-512.
#ifndef CKERNELS_AMX_TILES_H
#define CKERNELS_AMX_TILES_H

#ifdef SWL_TILE_MODEL
#include SWL_TILE_MODEL
#else
#define SWL_TARGET "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,amx-tile,amx-int8,amx-bf16"
#define SWL_LANES 16
#include <immintrin.h>
#endif

#define SWL_TILE_ROWS 4
#include "../lanes/gemm_int8.h"

void swl_gemm_bf16_amx(const swl_gemm *product);
void swl_gemm_int8_amx(const swl_gemm *product);

enum {
    /// Rows and bytes of a row of a whole tile.
    amx_rows = 16,
    amx_bytes = 64,
    /// Rows of A that are multiplied at once: two tiles.
    block_rows = 2 * amx_rows,
    /// Columns of C that are computed at once: two tiles.
    block_columns = 2 * SWL_VECTOR,
    /// Columns of a panel of packed weights.
    amx_panel = 64,
};

/// The argument of ldtilecfg, as in Intel's Software Developer's Manual.
typedef struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} amx_configuration;

/// A block of C: `upper` and `lower` rows, `vectors` vectors of columns, and what they are computed from. Tiles 0 and 1
/// hold the sums of the upper rows, 2 and 3 those of the lower rows, 4 and 5 hold A, 6 and 7 weights.
typedef struct {
    size_t upper, lower, vectors;
    const char *a, *weight;
    /// Bytes from one row to the next, and bytes of a row of A.
    size_t a_stride, weight_stride, inner_bytes;
} amx_block;

/// The sums of a block, or their bits.
typedef struct {
    uint32_t words[block_rows][block_columns] __attribute__((aligned(64)));
} amx_sums;

/// Clears all tiles and sets their heights.
SWL_INLINE void configure_tiles(size_t upper, size_t lower) {
    const size_t heights[] = {upper, upper, lower, lower, upper, lower, amx_rows, amx_rows};
    amx_configuration configuration __attribute__((aligned(64))) = {.palette = 1};
    for (size_t i = 0; i < sizeof heights / sizeof heights[0]; i++) {
        configuration.rows[i] = (uint8_t)heights[i];
        configuration.row_bytes[i] = heights[i] ? amx_bytes : 0;
    }
    _tile_loadconfig(&configuration);
}

/// Adds the products of 64 bytes of each row of A.
SWL_INLINE void multiply_step(const amx_block *block, const char *a, size_t a_stride, const char *weight,
                              size_t weight_stride) {
    _tile_loadd(6, weight, weight_stride);
    if (block->vectors > 1) _tile_loadd(7, weight + amx_bytes, weight_stride);
    _tile_loadd(4, a, a_stride);
    SWL_TILE_MULTIPLY(0, 4, 6);
    if (block->vectors > 1) SWL_TILE_MULTIPLY(1, 4, 7);
    if (block->lower == 0) return;
    _tile_loadd(5, a + amx_rows * a_stride, a_stride);
    SWL_TILE_MULTIPLY(2, 5, 6);
    if (block->vectors > 1) SWL_TILE_MULTIPLY(3, 5, 7);
}

/// Adds the products of the last bytes of each row, less than 64. They and their weights are copied, with zeros behind
/// them, because all tiles are read whole.
static SWL_FUNCTION void multiply_rest(const amx_block *block, size_t done) {
    char a[block_rows][amx_bytes] = {0}, weight[amx_rows][2 * amx_bytes] = {0};
    for (size_t row = 0; row < block->upper + block->lower; row++) {
        memcpy(a[row], block->a + row * block->a_stride + done, block->inner_bytes - done);
    }
    for (size_t step = 0; step < (block->inner_bytes - done) / 4; step++) {
        memcpy(weight[step], block->weight + (done / 4 + step) * block->weight_stride, block->vectors * amx_bytes);
    }
    multiply_step(block, a[0], amx_bytes, weight[0], 2 * amx_bytes);
}

static SWL_FUNCTION void multiply_block(const amx_block *block, amx_sums *sums) {
    _tile_zero(0);
    _tile_zero(1);
    if (block->lower) {
        _tile_zero(2);
        _tile_zero(3);
    }
    size_t done = 0;
    for (; done + amx_bytes <= block->inner_bytes; done += amx_bytes) {
        multiply_step(block, block->a + done, block->a_stride, block->weight + done / 4 * block->weight_stride,
                      block->weight_stride);
    }
    if (done < block->inner_bytes) multiply_rest(block, done);
    size_t stride = sizeof sums->words[0];
    _tile_stored(0, sums->words[0], stride);
    _tile_stored(1, &sums->words[0][SWL_VECTOR], stride);
    if (block->lower) {
        _tile_stored(2, sums->words[amx_rows], stride);
        _tile_stored(3, &sums->words[amx_rows][SWL_VECTOR], stride);
    }
}

/// Applies the epilogue to the sums of `rows` rows, at most `tile_rows`, of a vector of columns, and writes them.
typedef void (*amx_finish)(const swl_gemm *p, size_t row, size_t column, size_t rows, const uint32_t *sums);

/// Computes C block by block. A's elements have `element` bytes. The rows are divided into blocks of nearly equal
/// heights, so that there are at most two of them and tiles are rarely configured. How high a tile is does not change
/// the sums of its rows.
static SWL_FUNCTION void multiply_tiles(const swl_gemm *p, size_t element, amx_finish finish) {
    size_t block_count = (p->rows + block_rows - 1) / block_rows, configured = 0;
    if (block_count == 0) return;
    size_t whole = p->rows / block_count, higher = p->rows % block_count;
    size_t a_stride = p->a_stride * element, inner_bytes = p->inner * element;
    amx_sums sums;
    for (size_t column = p->first_column; column < p->end_column; column += block_columns) {
        size_t panel = column / amx_panel * amx_panel, width = swl_min(amx_panel, p->columns - panel);
        size_t vectors = swl_min(block_columns, panel + width - column) / SWL_VECTOR;
        const char *weight = (const char *)p->weight + panel * inner_bytes + (column - panel) * 4;
        for (size_t index = 0, row = 0, height; index < block_count; index++, row += height) {
            height = whole + (index < higher);
            size_t upper = swl_min(height, amx_rows);
            amx_block block = {
                .upper = upper, .lower = height - upper, .vectors = vectors, .a_stride = a_stride,
                .a = (const char *)p->a + row * a_stride, .weight = weight, .weight_stride = width * 4,
                .inner_bytes = inner_bytes,
            };
            if (height != configured) configure_tiles(block.upper, block.lower);
            configured = height;
            multiply_block(&block, &sums);
            for (size_t r = 0; r < height; r += tile_rows) {
                for (size_t vector = 0; vector < vectors; vector++) {
                    finish(p, row + r, column + vector * SWL_VECTOR, swl_min(tile_rows, height - r),
                           &sums.words[r][vector * SWL_VECTOR]);
                }
            }
        }
    }
    _tile_release();
}

#endif
