/// The common parts of products over panels of SWL_VECTOR columns: the epilogue and the loops over panels and tiles.
///
/// A file that includes this one may define SWL_TILE_ROWS, and SWL_ROW_GROUP if its instructions multiply several rows
/// at once; it defines `multiply_tile` and makes the product from it by SWL_DEFINE_GEMM.
#ifndef CKERNELS_LANES_GEMM_H
#define CKERNELS_LANES_GEMM_H

#include "math.h"

#ifndef SWL_TILE_ROWS
#define SWL_TILE_ROWS 6
#endif
#ifndef SWL_BLOCK_STEPS
#define SWL_BLOCK_STEPS 8
#endif
#ifndef SWL_ROW_GROUP
#define SWL_ROW_GROUP 1
#endif

enum {
    tile_rows = SWL_TILE_ROWS,
    panel_vectors = SWL_VECTOR / lane_count,
    /// Steps along the inner dimension between two prefetches.
    block_steps = SWL_BLOCK_STEPS,
};

/// The sums of a tile. They are in registers, once the loops over constant numbers of rows are unrolled.
typedef floats tile_sums[tile_rows][panel_vectors];

SWL_INLINE void clear_tile(size_t rows, tile_sums v) {
    SWL_UNROLL for (size_t r = 0; r < rows; r++) {
        SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) v[r][j] = 0;
    }
}

static SWL_FUNCTION __attribute__((noinline)) void apply_gelu(floats *values, size_t count) {
    for (size_t i = 0; i < count; i++) values[i] = gelu(values[i]);
}

static SWL_FUNCTION __attribute__((noinline)) void apply_gelu_tanh(floats *values, size_t count) {
    for (size_t i = 0; i < count; i++) values[i] = gelu_tanh(values[i]);
}

SWL_INLINE void activate_tile(swl_activation activation, size_t rows, tile_sums v) {
    if (activation == SWL_RELU) {
        SWL_UNROLL for (size_t r = 0; r < rows; r++) {
            SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) v[r][j] = relu(v[r][j]);
        }
    }
    if (activation == SWL_GELU || activation == SWL_GELU_TANH) {
        // The values go through memory, because the code is too long to be repeated for every register.
        floats values[tile_rows * panel_vectors];
        SWL_UNROLL for (size_t r = 0; r < rows; r++) {
            SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) values[r * panel_vectors + j] = v[r][j];
        }
        size_t count = rows * panel_vectors;
        activation == SWL_GELU ? apply_gelu(values, count) : apply_gelu_tanh(values, count);
        SWL_UNROLL for (size_t r = 0; r < rows; r++) {
            SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) v[r][j] = values[r * panel_vectors + j];
        }
    }
}

SWL_INLINE void store_tile(const swl_gemm *p, size_t row, size_t column, size_t rows, tile_sums v) {
    if (p->c) {
        SWL_UNROLL for (size_t r = 0; r < rows; r++) {
            float *c = p->c + (row + r) * p->c_stride + column;
            SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) store_floats(c + j * lane_count, v[r][j]);
        }
    }
    if (p->narrow) {
        SWL_UNROLL for (size_t r = 0; r < rows; r++) {
            uint16_t *target = p->narrow + (row + r) * p->narrow_stride + column;
            SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) {
                halves narrow = narrowed(v[r][j]);
                memcpy(target + j * lane_count, &narrow, sizeof narrow);
            }
        }
    }
}

/// Applies the epilogue from the activation on and writes the tile.
SWL_INLINE void finish_tile(const swl_gemm *p, size_t row, size_t column, size_t rows, tile_sums v) {
    activate_tile(p->activation, rows, v);
    if (p->accumulate) {
        SWL_UNROLL for (size_t r = 0; r < rows; r++) {
            const float *c = p->c + (row + r) * p->c_stride + column;
            SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) v[r][j] += load_floats(c + j * lane_count);
        }
    }
    if (p->scale) {
        SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) {
            floats scale = load_floats(p->scale + column + j * lane_count);
            floats shift = load_floats(p->shift + column + j * lane_count);
            SWL_UNROLL for (size_t r = 0; r < rows; r++) v[r][j] = multiply_add(v[r][j], scale, shift);
        }
    }
    store_tile(p, row, column, rows, v);
}

SWL_INLINE void add_bias(const swl_gemm *p, size_t column, size_t rows, tile_sums v) {
    if (!p->bias) return;
    SWL_UNROLL for (size_t j = 0; j < panel_vectors; j++) {
        floats bias = load_floats(p->bias + column + j * lane_count);
        SWL_UNROLL for (size_t r = 0; r < rows; r++) v[r][j] += bias;
    }
}

/// One tile's part of a product.
typedef struct {
    /// The packed weights of the tile's columns.
    const char *panel;
    size_t row, column;
    /// The address of the weights that are read after this panel. Each block of steps prefetches some of their cache
    /// lines. The address is a number, because the last of those lines may be beyond the weights, where no pointer may
    /// point.
    uintptr_t next;
    size_t lines;
} tile_task;

/// Prefetches the cache lines of one block of steps into the L2 cache.
SWL_INLINE uintptr_t fetch_next(uintptr_t next, size_t lines) {
    for (size_t line = 0; line < lines; line++, next += 64) __builtin_prefetch((const void *)next, 0, 2);
    return next;
}

typedef void (*tile_function)(const swl_gemm *p, const tile_task *task);

/// Computes panel by panel, tile by tile.
///
/// The rows are divided into tiles of nearly equal heights (7 rows into 4 and 3), so that no tile is small and slow.
/// Only the last tile may end within a group of rows. While a panel is multiplied, the next one is prefetched.
static inline void multiply_panels(const swl_gemm *p, size_t steps, const tile_function tiles[tile_rows]) {
    size_t groups = (p->rows + SWL_ROW_GROUP - 1) / SWL_ROW_GROUP, tile_groups = tile_rows / SWL_ROW_GROUP;
    size_t tile_count = (groups + tile_groups - 1) / tile_groups;
    if (tile_count == 0) return;
    size_t whole = groups / tile_count, higher = groups % tile_count;
    size_t blocks = (steps + block_steps - 1) / block_steps, panel_bytes = steps * SWL_VECTOR * 4;
    for (size_t column = p->first_column; column < p->end_column; column += SWL_VECTOR) {
        tile_task task = {.panel = (const char *)p->weight + column * steps * 4, .column = column};
        bool last = column + SWL_VECTOR >= p->end_column;
        task.next = (uintptr_t)(last ? p->next_weight : task.panel + panel_bytes);
        task.lines = task.next ? (steps + blocks * tile_count - 1) / (blocks * tile_count) : 0;
        for (size_t tile = 0; tile < tile_count; tile++) {
            size_t height = swl_min((whole + (tile < higher)) * SWL_ROW_GROUP, p->rows - task.row);
            tiles[height - 1](p, &task);
            task.row += height;
            task.next += blocks * task.lines * 64;
        }
    }
}

#define SWL_TILE(rows)                                                                                                \
    static SWL_FUNCTION void tile_##rows(const swl_gemm *p, const tile_task *task) { multiply_tile(p, task, rows); }
#if SWL_TILE_ROWS == 2
#define SWL_TILES SWL_TILE(1) SWL_TILE(2)
#define SWL_TILE_LIST {tile_1, tile_2}
#elif SWL_TILE_ROWS == 4
#define SWL_TILES SWL_TILE(1) SWL_TILE(2) SWL_TILE(3) SWL_TILE(4)
#define SWL_TILE_LIST {tile_1, tile_2, tile_3, tile_4}
#elif SWL_TILE_ROWS == 5
#define SWL_TILES SWL_TILE(1) SWL_TILE(2) SWL_TILE(3) SWL_TILE(4) SWL_TILE(5)
#define SWL_TILE_LIST {tile_1, tile_2, tile_3, tile_4, tile_5}
#elif SWL_TILE_ROWS == 8
#define SWL_TILES                                                                                                     \
    SWL_TILE(1) SWL_TILE(2) SWL_TILE(3) SWL_TILE(4) SWL_TILE(5)                                                       \
    SWL_TILE(6) SWL_TILE(7) SWL_TILE(8)
#define SWL_TILE_LIST {tile_1, tile_2, tile_3, tile_4, tile_5, tile_6, tile_7, tile_8}
#else
#define SWL_TILES SWL_TILE(1) SWL_TILE(2) SWL_TILE(3) SWL_TILE(4) SWL_TILE(5) SWL_TILE(6)
#define SWL_TILE_LIST {tile_1, tile_2, tile_3, tile_4, tile_5, tile_6}
#endif

/// Defines the product `name` with the file's `multiply_tile`. A step takes `group` inputs, which are 4 bytes for each
/// column.
#define SWL_DEFINE_GEMM(name, group)                                                                                  \
    SWL_TILES                                                                                                         \
    void name(const swl_gemm *p) {                                                                                    \
        static const tile_function tiles[tile_rows] = SWL_TILE_LIST;                                                  \
        multiply_panels(p, p->inner / (group), tiles);                                                                \
    }

#endif
