#include "check.h"

int failure_count = 0;

void fail(const char *what, const char *shape, size_t place, double value, double expected) {
    if (failure_count++ < 20) {
        printf("%s of %s: %.9g at %zu, not %.9g\n", what, shape, value, place, expected);
    }
}

/// Vigna's SplitMix64 with a fixed seed.
static uint64_t next_random(void) {
    static uint64_t state = 1;
    uint64_t z = state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

size_t random_between(size_t low, size_t high) { return low + next_random() % (high - low + 1); }

float random_float(float magnitude) { return ((float)(next_random() >> 40) * 0x1p-23f - 1) * magnitude; }

void *allocate(size_t count, size_t size, int fill) {
    void *memory = aligned_alloc(64, (count * size + 127) / 64 * 64);
    if (!memory) abort();
    return memset(memory, fill, (count * size + 127) / 64 * 64);
}

float *allocate_random(size_t count, float magnitude) {
    float *values = allocate(count, sizeof *values, 0);
    for (size_t i = 0; i < count; i++) values[i] = random_float(magnitude);
    return values;
}

void expect_close(const char *what, const char *shape, const float *values, const float *expected, size_t count,
                  double tolerance) {
    for (size_t i = 0; i < count; i++) {
        if (isnan(values[i]) && isnan(expected[i])) continue;
        double error = fabs((double)values[i] - (double)expected[i]);
        if (!(error <= tolerance)) return fail(what, shape, i, values[i], expected[i]);
    }
}

void expect_same(const char *what, const char *shape, const void *values, const void *expected, size_t bytes) {
    const unsigned char *left = values, *right = expected;
    for (size_t i = 0; i < bytes; i++) {
        if (left[i] != right[i]) return fail(what, shape, i, left[i], right[i]);
    }
}

/// Whether a table has a product of that name.
static bool has_product(const swl_kernels *kernels, const char *name) {
    return strcmp(name, kernels->gemm_f32_name) == 0 || strcmp(name, kernels->gemm_bf16_name) == 0 ||
           strcmp(name, kernels->gemm_int8_name) == 0;
}

/// check TABLE [PRODUCT...]: compares a table with the scalar one. The table "tiles" is AMX over a model of its tiles.
/// check --layer TABLE FORMAT TOKENS REPEATS [PRODUCT...]: computes a layer of MobileBERT, whose instructions can be
/// counted. Both fail if the table is missing or lacks one of the products.
/// check --has TABLE: whether the CPU has it.
int main(int count, char **arguments) {
    if (count == 3 && strcmp(arguments[1], "--has") == 0) return swl_kernels_named(arguments[2]) == NULL;
    bool runs_layer = count >= 6 && strcmp(arguments[1], "--layer") == 0;
    const char *name = runs_layer ? arguments[2] : count > 1 ? arguments[1] : "";
    bool is_model = strcmp(name, "tiles") == 0;
    const swl_kernels *kernels = is_model ? tile_model() : swl_kernels_named(name);
    const char *refusal = kernels && kernels->start ? kernels->start() : NULL;
    if (refusal) {
        fprintf(stderr, "%s: %s\n", name, refusal);
        return 2;
    }
    if (!kernels) {
        fprintf(stderr, "this CPU has no kernels named \"%s\"\n", name);
        return 2;
    }
    for (int i = runs_layer ? 6 : 2; i < count; i++) {
        if (has_product(kernels, arguments[i])) continue;
        fprintf(stderr, "the products of %s are %s, %s and %s, not %s\n", name, kernels->gemm_f32_name,
                kernels->gemm_bf16_name, kernels->gemm_int8_name, arguments[i]);
        return 2;
    }
    if (runs_layer) {
        run_layer(kernels, arguments[3], strtoul(arguments[4], NULL, 10), strtoul(arguments[5], NULL, 10));
        return 0;
    }
    const swl_kernels *scalar = swl_kernels_named("scalar");
    if (is_model) check_agreement();
    check_products(kernels, scalar);
    check_rows(kernels, scalar);
    check_quantizing(kernels, scalar);
    check_attention(kernels, scalar);
    printf("%s (%s, %s, %s): %d failures\n", kernels->name, kernels->gemm_f32_name, kernels->gemm_bf16_name,
           kernels->gemm_int8_name, failure_count);
    return failure_count > 0;
}
