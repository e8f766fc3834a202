#include "check.h"

/// A matrix that a kernel changes, twice: for a table and for its scalar twin. Elements between rows must not change.
typedef struct {
    size_t rows, columns, stride;
    float *values, *expected;
    char shape[60];
} matrix_pair;

static matrix_pair make_pair_of(size_t columns, float magnitude) {
    matrix_pair pair = {.rows = random_between(1, 6), .columns = columns};
    pair.stride = pair.columns + random_between(0, 20);
    size_t count = pair.rows * pair.stride;
    pair.values = allocate_random(count, magnitude);
    pair.expected = memcpy(allocate(count, sizeof(float), 0), pair.values, count * sizeof(float));
    snprintf(pair.shape, sizeof pair.shape, "%zu rows of %zu, stride %zu", pair.rows, pair.columns, pair.stride);
    return pair;
}

static matrix_pair make_pair(float magnitude) { return make_pair_of(random_between(1, 80), magnitude); }

/// Rows with some blocks, of any size that a rotation can have.
static matrix_pair make_wide_pair(float magnitude) {
    return make_pair_of(random_between(1, 5) * ((size_t)16 << random_between(0, 4)), magnitude);
}

static void compare_and_free(const char *what, matrix_pair pair, double tolerance) {
    expect_close(what, pair.shape, pair.values, pair.expected, pair.rows * pair.stride, tolerance);
    for (size_t row = 0; row < pair.rows; row++) {
        size_t end = row * pair.stride + pair.columns;
        size_t bytes = (pair.stride - pair.columns) * sizeof(float);
        expect_same(what, pair.shape, pair.values + end, pair.expected + end, bytes);
    }
    free(pair.values);
    free(pair.expected);
}

static void check_activations(const swl_kernels *kernels, const swl_kernels *scalar) {
    for (size_t i = 0; i < 300; i++) {
        matrix_pair m = make_pair(i % 10 == 0 ? 200 : 6);
        if (i % 7 == 0) m.values[0] = m.expected[0] = NAN;
        float *bias = allocate_random(m.columns, 2);
        const float *used = random_between(0, 1) ? bias : NULL;
        swl_activation activation = (swl_activation)(i % 4);
        kernels->activate_rows(m.values, m.stride, m.rows, m.columns, used, activation);
        scalar->activate_rows(m.expected, m.stride, m.rows, m.columns, used, activation);
        // The error of both forms of GELU is relative to the input, which is up to 200.
        compare_and_free("activation", m, activation >= SWL_GELU ? (i % 10 == 0 ? 4e-5 : 4e-6) : 0);
        free(bias);
    }
}

static void check_norms(const swl_kernels *kernels, const swl_kernels *scalar) {
    for (size_t i = 0; i < 200; i++) {
        matrix_pair m = make_pair(4);
        float *shift = allocate_random(m.columns, 2), *weight = allocate_random(m.columns, 2);
        float *bias = allocate_random(m.columns, 2);
        kernels->scale_shift_rows(m.values, m.stride, m.rows, m.columns, weight, bias);
        scalar->scale_shift_rows(m.expected, m.stride, m.rows, m.columns, weight, bias);
        compare_and_free("scale and shift", m, 2e-6);
        m = make_pair(4);
        free(shift);
        free(weight);
        free(bias);
        shift = allocate_random(m.columns, 2);
        weight = allocate_random(m.columns, 2);
        bias = allocate_random(m.columns, 2);
        kernels->layer_norm_rows(m.values, m.stride, m.rows, m.columns, shift, weight, bias, 1e-5);
        scalar->layer_norm_rows(m.expected, m.stride, m.rows, m.columns, shift, weight, bias, 1e-5);
        compare_and_free("LayerNorm", m, 2e-5);
        free(shift);
        free(weight);
        free(bias);
    }
}

static void check_sums(const swl_kernels *kernels, const swl_kernels *scalar) {
    for (size_t i = 0; i < 100; i++) {
        matrix_pair m = make_pair(4);
        double *sums = allocate(m.columns, sizeof *sums, 0), *expected = allocate(m.columns, sizeof *expected, 0);
        kernels->sum_rows(m.values, m.stride, m.rows, m.columns, sums);
        scalar->sum_rows(m.expected, m.stride, m.rows, m.columns, expected);
        // The sums go in row order, so that they are the same.
        expect_same("sums", m.shape, sums, expected, m.columns * sizeof *sums);
        compare_and_free("summed rows", m, 0);
        free(sums);
        free(expected);
    }
}

void check_rows(const swl_kernels *kernels, const swl_kernels *scalar) {
    check_activations(kernels, scalar);
    check_norms(kernels, scalar);
    check_sums(kernels, scalar);
}

static void check_quantized(const swl_kernels *kernels, const swl_kernels *scalar, const matrix_pair *m,
                            const float *balance) {
    size_t target_stride = m->columns + random_between(0, 20), count = m->rows * target_stride;
    // Rotated values may be negative.
    size_t rotation = random_between(0, 1) ? swl_rotation(m->columns) : 0;
    int32_t zero_point = rotation || random_between(0, 1) ? 128 : 0;
    uint8_t *bytes = allocate(count, 1, 0x55), *expected = allocate(count, 1, 0x66);
    float *scale = allocate_random(m->rows, 1), *expected_scale = allocate_random(m->rows, 1);
    kernels->quantize_rows(m->values, m->stride, m->rows, m->columns, zero_point, balance, rotation, bytes,
                           target_stride, scale);
    scalar->quantize_rows(m->values, m->stride, m->rows, m->columns, zero_point, balance, rotation, expected,
                          target_stride, expected_scale);
    expect_same("quantized rows", m->shape, bytes, expected, count);
    expect_close("quantized rows' scale", m->shape, scale, expected_scale, m->rows, 0);
    free(bytes);
    free(expected);
    free(scale);
    free(expected_scale);
}

static void check_narrowed(const swl_kernels *kernels, const swl_kernels *scalar, const matrix_pair *m) {
    size_t target_stride = m->columns + random_between(0, 20), count = m->rows * target_stride;
    uint16_t *narrow = allocate(count, 2, 0x55), *expected = allocate(count, 2, 0x66);
    kernels->narrow_rows(m->values, m->stride, m->rows, m->columns, narrow, target_stride);
    scalar->narrow_rows(m->values, m->stride, m->rows, m->columns, expected, target_stride);
    expect_same("narrowed rows", m->shape, narrow, expected, count * sizeof *narrow);
    free(narrow);
    free(expected);
}

void check_quantizing(const swl_kernels *kernels, const swl_kernels *scalar) {
    const float special[] = {NAN, -NAN, INFINITY, -INFINITY, 0, -0.0f, 0x1p-126f, 0x1p-149f, 0x1.01p-3f, 0x1.03p-3f};
    for (size_t i = 0; i < 400; i++) {
        matrix_pair m = i % 4 > 1 ? make_pair(4) : make_wide_pair(4);
        // Every other row has a special value in it.
        if (i % 2) m.values[random_between(0, m.columns - 1)] = special[random_between(0, 9)];
        float *balance = allocate_random(m.columns, 3);
        check_quantized(kernels, scalar, &m, random_between(0, 1) ? balance : NULL);
        check_narrowed(kernels, scalar, &m);
        free(balance);
        free(m.values);
        free(m.expected);
    }
}
