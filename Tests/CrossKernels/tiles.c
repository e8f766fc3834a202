#include "check.h"
#include "tiles.h"

#include <stdint.h>

enum { tile_count = 8, most_rows = 16, most_bytes = 64 };

static bool is_configured;
static struct {
    size_t rows, row_bytes;
    uint8_t bytes[most_rows][most_bytes];
} tiles[tile_count];

/// What a CPU answers by a fault.
static void check(bool allowed, const char *what) {
    if (allowed) return;
    printf("tiles: %s\n", what);
    abort();
}

static void check_tile(size_t tile) {
    check(is_configured, "a tile is used before the tiles are configured");
    check(tile < tile_count && tiles[tile].rows > 0, "a tile is used that has no rows");
}

void model_load_configuration(const void *configuration) {
    const uint8_t *bytes = configuration;
    check(bytes[0] == 1, "only palette 1 is defined");
    for (size_t i = 1; i < 16; i++) check(bytes[i] == 0, "the start row or reserved bytes are not zero");
    memset(tiles, 0, sizeof tiles);
    for (size_t i = 0; i < 16; i++) {
        size_t row_bytes = bytes[16 + 2 * i] | (size_t)bytes[17 + 2 * i] << 8, rows = bytes[48 + i];
        check((rows == 0) == (row_bytes == 0), "a tile has rows without bytes, or bytes without rows");
        check(i < tile_count || rows == 0, "there are eight tiles");
        check(rows <= most_rows && row_bytes <= most_bytes, "a tile is too large");
        if (i >= tile_count) continue;
        tiles[i].rows = rows;
        tiles[i].row_bytes = row_bytes;
    }
    is_configured = true;
}

void model_release(void) {
    is_configured = false;
    memset(tiles, 0, sizeof tiles);
}

void model_zero(size_t tile) {
    check_tile(tile);
    memset(tiles[tile].bytes, 0, sizeof tiles[tile].bytes);
}

void model_load(size_t tile, const void *base, size_t stride) {
    model_zero(tile);
    for (size_t row = 0; row < tiles[tile].rows; row++) {
        memcpy(tiles[tile].bytes[row], (const char *)base + row * stride, tiles[tile].row_bytes);
    }
}

void model_store(size_t tile, void *base, size_t stride) {
    check_tile(tile);
    for (size_t row = 0; row < tiles[tile].rows; row++) {
        memcpy((char *)base + row * stride, tiles[tile].bytes[row], tiles[tile].row_bytes);
    }
}

/// Sums have A's rows and B's columns, and B has a row for each four bytes of A's rows.
static void check_shapes(size_t sums, size_t a, size_t b) {
    check_tile(sums);
    check_tile(a);
    check_tile(b);
    check(sums != a && sums != b && a != b, "a product's tiles are not three");
    check(tiles[sums].rows == tiles[a].rows && tiles[sums].row_bytes == tiles[b].row_bytes &&
          tiles[a].row_bytes == 4 * tiles[b].rows && tiles[b].row_bytes % 4 == 0, "the shapes do not fit");
}

static float float_of(uint32_t bits) {
    // Subnormal numbers count as zero.
    if ((bits & 0x7F800000) == 0) bits &= 0x80000000;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/// A sum as the instruction keeps it: subnormal numbers become zero.
static float flushed(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return float_of(bits);
}

static float bf16_of(const uint8_t *bytes) { return float_of((uint32_t)bytes[1] << 24 | (uint32_t)bytes[0] << 16); }

/// TDPBF16PS: even and odd inputs have sums of their own, which are added to each other and then to the tile's.
void model_multiply_bf16(size_t sums, size_t a, size_t b) {
    check_shapes(sums, a, b);
    for (size_t row = 0; row < tiles[sums].rows; row++) {
        for (size_t column = 0; column < tiles[sums].row_bytes; column += 4) {
            float parts[2] = {0, 0}, sum;
            for (size_t k = 0; k < tiles[b].rows; k++) {
                for (size_t i = 0; i < 2; i++) {
                    float left = bf16_of(&tiles[a].bytes[row][4 * k + 2 * i]);
                    float right = bf16_of(&tiles[b].bytes[k][column + 2 * i]);
                    parts[i] = flushed(fmaf(left, right, parts[i]));
                }
            }
            memcpy(&sum, &tiles[sums].bytes[row][column], sizeof sum);
            sum = flushed(flushed(sum) + flushed(parts[0] + parts[1]));
            memcpy(&tiles[sums].bytes[row][column], &sum, sizeof sum);
        }
    }
}

/// TDPBUSD: A's bytes have no sign, B's have one.
void model_multiply_bytes(size_t sums, size_t a, size_t b) {
    check_shapes(sums, a, b);
    for (size_t row = 0; row < tiles[sums].rows; row++) {
        for (size_t column = 0; column < tiles[sums].row_bytes; column += 4) {
            int32_t sum;
            memcpy(&sum, &tiles[sums].bytes[row][column], sizeof sum);
            for (size_t k = 0; k < tiles[a].row_bytes; k++) {
                sum += tiles[a].bytes[row][k] * (int8_t)tiles[b].bytes[k / 4][column + k % 4];
            }
            memcpy(&tiles[sums].bytes[row][column], &sum, sizeof sum);
        }
    }
}

void model_gemm_bf16(const swl_gemm *product);
void model_gemm_int8(const swl_gemm *product);

const swl_kernels *tile_model(void) {
    static swl_kernels table;
    table = *swl_kernels_named("scalar");
    table.name = "tiles";
    table.panel = 64;
    table.widens_bf16 = false;
    table.gemm_f32 = NULL;
    table.gemm_bf16 = model_gemm_bf16;
    table.gemm_bf16_name = "gemm_bf16_32x32_amx";
    table.gemm_int8 = model_gemm_int8;
    table.gemm_int8_name = "gemm_int8_32x32_amx";
    return &table;
}

static void multiply_nothing(const swl_gemm *product) {
    for (size_t row = 0; row < product->rows; row++) {
        memset(product->c + row * product->c_stride, 0, product->columns * sizeof(float));
    }
}

void check_agreement(void) {
    swl_kernels table = *tile_model();
    if (!swl_products_agree(&table)) fail("agreement", "the model", 0, 0, 1);
    table.gemm_int8 = multiply_nothing;
    if (swl_products_agree(&table)) fail("agreement", "wrong products of int8", 0, 1, 0);
    table = *tile_model();
    table.gemm_bf16 = multiply_nothing;
    if (swl_products_agree(&table)) fail("agreement", "wrong products of bfloat16", 0, 1, 0);
}
