#include "check.h"

typedef enum { float32, bfloat16, int8, format_count } format;

/// The number of inputs in a packed group.
static const size_t groups[] = {1, 2, 4};
static const size_t element_sizes[] = {4, 2, 1};

/// A product with a random shape and random numbers, whose weights are packed for two tables.
typedef struct {
    format format;
    size_t inputs, outputs;
    swl_gemm product;
    void *packed, *scalar_packed;
    /// A's values in bfloat16 as floats, for kernels that widen weights, and the memory that these may use.
    float *wide, *widened;
    char shape[120];
} test_case;

static void *pack(test_case *test, const float *matrix, const swl_kernels *kernels) {
    swl_gemm *p = &test->product;
    size_t panel = kernels->panel;
    void *packed = allocate(p->columns * p->inner, element_sizes[test->format], 0x55);
    switch (test->format) {
    case float32:
        swl_pack_f32(matrix, test->inputs, 0, test->outputs, test->outputs, test->inputs, panel, packed);
        break;
    case bfloat16:
        swl_pack_bf16(matrix, test->inputs, 0, test->outputs, test->outputs, test->inputs, panel, kernels->bf16_group,
                      packed);
        break;
    default:
        swl_pack_int8(matrix, test->inputs, 0, test->outputs, test->outputs, test->inputs, panel, kernels->int8_group,
                      packed, (float *)p->weight_scale, (int32_t *)p->weight_sum);
    }
    return packed;
}

/// Random rows of A in the product's format; the padding is zero.
static void *random_activations(const test_case *test) {
    const swl_gemm *p = &test->product;
    float *values = allocate_random(p->rows * p->a_stride, 1);
    if (test->format == float32) return values;
    void *a = allocate(p->rows * p->a_stride, element_sizes[test->format], 0);
    for (size_t i = 0; i < p->rows * p->a_stride; i++) {
        bool padding = i % p->a_stride >= test->inputs;
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        if (test->format == bfloat16) ((uint16_t *)a)[i] = padding ? 0 : (uint16_t)(bits >> 16);
        uint8_t byte = (uint8_t)random_between(0, 255);
        if (test->format == int8) ((uint8_t *)a)[i] = padding ? (uint8_t)p->a_zero_point : byte;
    }
    free(values);
    return a;
}

/// A's values in bfloat16 as floats, with NaN where nothing may be read.
static float *widened_activations(const test_case *test) {
    const swl_gemm *p = &test->product;
    float *wide = allocate_random(p->rows * p->a_stride, 1);
    for (size_t i = 0; i < p->rows * p->a_stride; i++) {
        uint32_t bits = (uint32_t)((const uint16_t *)p->a)[i] << 16;
        memcpy(&wide[i], &bits, sizeof bits);
        if (i % p->a_stride >= test->inputs) wide[i] = NAN;
    }
    return wide;
}

static void make_case(test_case *test, format format, const swl_kernels *kernels, const swl_kernels *scalar) {
    *test = (test_case){.format = format, .inputs = random_between(1, 140), .outputs = random_between(1, 170)};
    size_t columns = (test->outputs + 15) / 16 * 16;
    size_t inner = (test->inputs + groups[format] - 1) / groups[format] * groups[format];
    bool writes_floats = random_between(0, 3) > 0;
    swl_gemm *p = &test->product;
    *p = (swl_gemm){
        .rows = random_between(1, random_between(0, 3) ? 20 : 90), .inner = inner, .columns = columns,
        .end_column = columns,
        .a_stride = inner + 4 * random_between(0, 3), .a_zero_point = random_between(0, 1) ? 128 : 0,
        .c_stride = columns + 5 * random_between(0, 3), .narrow_stride = columns + 3,
        .activation = (swl_activation)random_between(0, 3), .accumulate = writes_floats && random_between(0, 1),
        .weight_scale = allocate(columns, sizeof(float), 0), .weight_sum = allocate(columns, sizeof(int32_t), 0),
    };
    p->a = random_activations(test);
    if (format == bfloat16) test->wide = widened_activations(test);
    test->widened = allocate(swl_widened_floats(kernels->panel, test->inputs), sizeof(float), 0xFF);
    p->a_scale = allocate_random(p->rows, 0.01f);
    if (random_between(0, 1)) p->bias = allocate_random(columns, 2);
    if (random_between(0, 1)) {
        p->scale = allocate_random(columns, 2);
        p->shift = allocate_random(columns, 2);
    }
    p->c = writes_floats ? allocate_random(p->rows * p->c_stride, 3) : NULL;
    if (!writes_floats || random_between(0, 1)) p->narrow = allocate(p->rows * p->narrow_stride, 2, 0xAB);
    float *matrix = allocate_random(test->outputs * test->inputs, 1);
    test->packed = pack(test, matrix, kernels);
    test->scalar_packed = pack(test, matrix, scalar);
    free(matrix);
    snprintf(test->shape, sizeof test->shape, "format %d, %zu rows, %zu inputs, %zu outputs, activation %d", format,
             p->rows, test->inputs, test->outputs, p->activation);
}

static void free_case(test_case *test) {
    const swl_gemm *p = &test->product;
    const void *all[] = {p->weight_scale, p->weight_sum, p->a, p->a_scale, p->bias, p->scale, p->shift, p->c, p->narrow,
                         test->packed, test->scalar_packed, test->wide, test->widened};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free((void *)all[i]);
}

/// C and its narrow copy after a product, from their values before it.
typedef struct {
    float *c;
    uint16_t *narrow;
} outcome;

/// Rows first...end of the product, in a copy of the memory for its results.
static outcome run(const test_case *test, const swl_kernels *kernels, const void *packed, size_t first, size_t end,
                   size_t first_column, size_t end_column) {
    swl_gemm p = test->product;
    outcome result = {0};
    size_t floats = p.rows * p.c_stride, halves = p.rows * p.narrow_stride;
    if (p.c) result.c = memcpy(allocate(floats, sizeof(float), 0), p.c, floats * sizeof(float));
    if (p.narrow) result.narrow = memcpy(allocate(halves, 2, 0), p.narrow, halves * 2);
    p.rows = end - first;
    p.first_column = first_column;
    p.end_column = end_column;
    p.weight = packed;
    // The memory to prefetch, if any, is a hint.
    p.next_weight = random_between(0, 1) ? packed : NULL;
    p.a = (const char *)p.a + first * p.a_stride * element_sizes[test->format];
    if (test->format == bfloat16 && kernels->widens_bf16) {
        p.a = test->wide + first * p.a_stride;
        p.inner = test->inputs;
        // The memory may be missing, with the same bits.
        p.widened = random_between(0, 1) ? test->widened : NULL;
    }
    p.a_scale += first;
    if (p.c) p.c = result.c + first * p.c_stride;
    if (p.narrow) p.narrow = result.narrow + first * p.narrow_stride;
    void (*const functions[])(const swl_gemm *) = {kernels->gemm_f32, kernels->gemm_bf16, kernels->gemm_int8};
    functions[test->format](&p);
    return result;
}

static void free_outcome(outcome result) {
    free(result.c);
    free(result.narrow);
}

static void check_accuracy(const test_case *test, outcome result, outcome expected) {
    const swl_gemm *p = &test->product;
    double tolerance = ((double)test->inputs + 20) * 1e-6;
    if (result.c) expect_close("product", test->shape, result.c, expected.c, p->rows * p->c_stride, tolerance);
    if (!result.narrow) return;
    for (size_t i = 0; i < p->rows * p->narrow_stride; i++) {
        uint32_t bits = (uint32_t)result.narrow[i] << 16, expected_bits = (uint32_t)expected.narrow[i] << 16;
        float value, right;
        memcpy(&value, &bits, sizeof value);
        memcpy(&right, &expected_bits, sizeof right);
        if (!(fabsf(value - right) <= fabsf(right) * 0x1p-7f + (float)tolerance)) {
            return fail("narrow product", test->shape, i, value, right);
        }
    }
}

/// Checks that a slice of rows and columns gives the bits of the whole product, and leaves everything else alone.
static void check_share(const test_case *test, const swl_kernels *kernels, outcome whole) {
    const swl_gemm *p = &test->product;
    size_t first = random_between(0, p->rows - 1), end = random_between(first + 1, p->rows);
    size_t panels = (p->columns + kernels->panel - 1) / kernels->panel, panel = random_between(0, panels - 1);
    size_t first_column = panel * kernels->panel, end_column = random_between(panel + 1, panels) * kernels->panel;
    if (end_column > p->columns) end_column = p->columns;
    outcome part = run(test, kernels, test->packed, first, end, first_column, end_column);
    for (size_t row = 0; row < p->rows; row++) {
        for (size_t column = 0; column < p->columns; column++) {
            bool inside = row >= first && row < end && column >= first_column && column < end_column;
            size_t at = row * p->c_stride + column, narrow_at = row * p->narrow_stride + column;
            const float *c = inside ? whole.c : p->c;
            const uint16_t *narrow = inside ? whole.narrow : p->narrow;
            if (part.c) expect_same("share", test->shape, part.c + at, c + at, sizeof(float));
            if (part.narrow) expect_same("narrow share", test->shape, part.narrow + narrow_at, narrow + narrow_at, 2);
        }
    }
    free_outcome(part);
}

void check_products(const swl_kernels *kernels, const swl_kernels *scalar) {
    for (size_t i = 0; i < 360; i++) {
        // The model of AMX's tiles has no product of floats.
        if (i % format_count == float32 && !kernels->gemm_f32) continue;
        test_case test;
        make_case(&test, (format)(i % format_count), kernels, scalar);
        size_t rows = test.product.rows, columns = test.product.columns;
        outcome result = run(&test, kernels, test.packed, 0, rows, 0, columns);
        outcome expected = run(&test, scalar, test.scalar_packed, 0, rows, 0, columns);
        check_accuracy(&test, result, expected);
        for (size_t share = 0; share < 4; share++) check_share(&test, kernels, result);
        free_outcome(result);
        free_outcome(expected);
        free_case(&test);
    }
}
