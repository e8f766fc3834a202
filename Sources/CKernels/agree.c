#include "internal.h"

#include <math.h>

/// The product that is compared: more than one block of rows of any kernel, and inputs that fill no whole vector.
enum { row_count = 35, inputs = 150, padded_inputs = 152, columns = 80 };

/// A kernel's operands and its result.
typedef struct {
    uint8_t packed[columns * padded_inputs * 2] __attribute__((aligned(64)));
    float weight_scale[columns], a_scale[row_count], c[row_count * columns];
    int32_t weight_sum[columns];
    float floats[row_count * padded_inputs];
    uint16_t words[row_count * padded_inputs];
    uint8_t bytes[row_count * padded_inputs];
} comparison;

/// A number in -1...1 that differs from place to place.
static float value_at(size_t place) { return (float)(place * 2654435761u % 2001) / 1000 - 1; }

static void multiply(comparison *memory, const swl_kernels *kernels, const float *matrix, bool bf16) {
    swl_gemm product = {
        .rows = row_count, .inner = padded_inputs, .columns = columns, .end_column = columns,
        .a_stride = padded_inputs, .a_scale = memory->a_scale, .a_zero_point = 128, .weight = memory->packed,
        .weight_scale = memory->weight_scale, .weight_sum = memory->weight_sum, .c = memory->c, .c_stride = columns,
    };
    for (size_t i = 0; i < row_count * padded_inputs; i++) {
        float value = i % padded_inputs < inputs ? value_at(7 * i) : 0;
        memory->words[i] = swl_narrow(value);
        memory->floats[i] = swl_widen(memory->words[i]);
        memory->bytes[i] = (uint8_t)(swl_round(value * 127) + 128);
    }
    for (size_t i = 0; i < row_count; i++) memory->a_scale[i] = 1.0f / 127;
    if (bf16) {
        product.inner = kernels->widens_bf16 ? inputs : (inputs + 1) / 2 * 2;
        product.a = kernels->widens_bf16 ? (const void *)memory->floats : memory->words;
        swl_pack_bf16(matrix, inputs, 0, columns, columns, inputs, kernels->panel, kernels->bf16_group,
                      (uint16_t *)memory->packed);
        return kernels->gemm_bf16(&product);
    }
    product.a = memory->bytes;
    swl_pack_int8(matrix, inputs, 0, columns, columns, inputs, kernels->panel, kernels->int8_group,
                  (int8_t *)memory->packed, memory->weight_scale, memory->weight_sum);
    kernels->gemm_int8(&product);
}

bool swl_products_agree(const swl_kernels *kernels) {
    const swl_kernels *scalar = swl_kernels_named("scalar");
    float matrix[columns * inputs];
    for (size_t i = 0; i < columns * inputs; i++) matrix[i] = value_at(i);
    comparison tested, expected;
    for (size_t bf16 = 0; bf16 < 2; bf16++) {
        multiply(&tested, kernels, matrix, bf16);
        multiply(&expected, scalar, matrix, bf16);
        // Ten times what another order of sums changes.
        for (size_t i = 0; i < row_count * columns; i++) {
            if (!(fabsf(tested.c[i] - expected.c[i]) <= 1e-4f)) return false;
        }
    }
    return true;
}
