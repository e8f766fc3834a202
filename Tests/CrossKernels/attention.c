#include "check.h"

/// Attention in one precision, by a table's kernel and by its scalar twin.
typedef struct {
    const char *name;
    void (*attend)(const swl_attention *attention);
    void (*attend_scalar)(const swl_attention *attention);
    /// How much a value may differ in addition to the effect of another order of sums: the scores of both kernels may
    /// round to different factors.
    double tolerance;
} variant;

/// Runs some of the queries and heads; elements that are not written stay -77.
static float *run(const swl_kernels *kernels, void (*attend)(const swl_attention *), const swl_attention *all,
                  size_t heads[2], size_t queries[2]) {
    swl_attention attention = *all;
    attention.first_head = heads[0];
    attention.end_head = heads[1];
    attention.first_query = queries[0];
    attention.end_query = queries[1];
    size_t count = attention.length * attention.context_stride;
    attention.context = allocate(count, sizeof(float), 0);
    for (size_t i = 0; i < count; i++) attention.context[i] = -77;
    size_t scratch = kernels->attention_scratch(attention.length, attention.head_size);
    attention.scratch = allocate(scratch, sizeof(float), 0xFF);
    attend(&attention);
    free(attention.scratch);
    return attention.context;
}

/// Checks that a slice of queries and heads gives the bits of the whole, and leaves everything else alone.
static void check_share(const swl_kernels *kernels, const variant *variant, const swl_attention *all,
                        const float *whole, const char *shape) {
    size_t first = random_between(0, all->length - 1), head = random_between(0, all->end_head - 1);
    size_t queries[2] = {first, random_between(first, all->length)};
    size_t heads[2] = {head, random_between(head, all->end_head)};
    float *part = run(kernels, variant->attend, all, heads, queries);
    const float untouched = -77;
    for (size_t i = 0; i < all->length * all->context_stride; i++) {
        size_t row = i / all->context_stride, column = i % all->context_stride;
        bool inside = row >= queries[0] && row < queries[1] && column >= heads[0] * all->head_size &&
                      column < heads[1] * all->head_size;
        expect_same(variant->name, shape, &part[i], inside ? &whole[i] : &untouched, sizeof(float));
    }
    free(part);
}

static void check_text(const swl_kernels *kernels, const swl_kernels *scalar, const variant *variant, size_t length,
                       bool is_faulty) {
    static const size_t head_sizes[] = {1, 3, 7, 15, 16, 17, 24, 32, 33, 64, 80};
    size_t head_size = head_sizes[random_between(0, 10)], heads = random_between(1, 3), width = heads * head_size;
    swl_attention all = {
        .query_stride = width + random_between(0, 9), .key_stride = width + random_between(0, 9),
        .value_stride = width + random_between(0, 9), .context_stride = width + random_between(0, 9),
        .length = length, .head_size = head_size, .end_head = heads, .end_query = length,
    };
    float sharpness = random_between(0, 3) == 0 ? 20 : 1;
    float *queries = allocate_random(length * all.query_stride, sharpness);
    float *keys = allocate_random(length * all.key_stride, 1);
    float *values = allocate_random(length * all.value_stride, 1);
    if (is_faulty) {
        const float faults[] = {NAN, INFINITY, -INFINITY};
        keys[random_between(0, length - 1) * all.key_stride] = faults[random_between(0, 2)];
    }
    all.queries = queries;
    all.keys = keys;
    all.values = values;
    char shape[60];
    snprintf(shape, sizeof shape, "%zu tokens, %zu heads of %zu", length, heads, head_size);
    size_t every_head[2] = {0, heads}, every_query[2] = {0, length};
    float *whole = run(kernels, variant->attend, &all, every_head, every_query);
    float *expected = run(scalar, variant->attend_scalar, &all, every_head, every_query);
    double tolerance = variant->tolerance + (double)sharpness * (double)head_size * 1e-6;
    expect_close(variant->name, shape, whole, expected, length * all.context_stride, tolerance);
    for (size_t i = 0; i < 4; i++) check_share(kernels, variant, &all, whole, shape);
    free(queries);
    free(keys);
    free(values);
    free(whole);
    free(expected);
}

static void check_variant(const swl_kernels *kernels, const swl_kernels *scalar, const variant *variant) {
    for (size_t length = 1; length <= 70; length++) check_text(kernels, scalar, variant, length, length % 5 == 0);
    check_text(kernels, scalar, variant, 128, false);
    check_text(kernels, scalar, variant, 200, true);
    check_text(kernels, scalar, variant, 512, false);
}

void check_attention(const swl_kernels *kernels, const swl_kernels *scalar) {
    check_variant(kernels, scalar, &(variant){"attention", kernels->attention, scalar->attention, 3e-6});
    // If the CPU does not multiply bfloat16 or 16-bit integers faster, they are another function.
    if (kernels->attention_bf16 != kernels->attention) {
        // Factors sum to 1, values are below 1, and a factor differs by a bit of bfloat16's 8 at most.
        check_variant(kernels, scalar,
                      &(variant){"attention in bfloat16", kernels->attention_bf16, scalar->attention_bf16, 0x1p-8});
    }
    if (kernels->attention_int16 != kernels->attention && kernels->attention_int16 != kernels->attention_bf16) {
        check_variant(kernels, scalar,
                      &(variant){"attention in integers", kernels->attention_int16, scalar->attention_int16, 0x1p-9});
    }
}
