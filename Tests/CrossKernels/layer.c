#include "check.h"

/// One layer of MobileBERT (google/mobilebert-uncased), as work whose instructions can be counted: its products with
/// the preparation of their inputs, and attention. NoNorm is folded into the products, as in the engine.

typedef struct {
    size_t inputs, outputs;
    swl_activation activation;
    bool accumulate;
    /// Whether its input is another than the product's before.
    bool prepares;
} layer_product;

static const layer_product layer_products[] = {
    // The bottlenecks; queries and keys; values.
    {512, 256, SWL_LINEAR, false, true},
    {128, 256, SWL_LINEAR, false, true},
    {512, 128, SWL_LINEAR, false, false},
    // Attention's output.
    {128, 128, SWL_LINEAR, true, true},
    // Three feed-forward networks, the intermediate layer and the output, and the output's bottleneck.
    {128, 512, SWL_RELU, false, true}, {512, 128, SWL_LINEAR, true, true},
    {128, 512, SWL_RELU, false, true}, {512, 128, SWL_LINEAR, true, true},
    {128, 512, SWL_RELU, false, true}, {512, 128, SWL_LINEAR, true, true},
    {128, 512, SWL_RELU, false, true}, {512, 128, SWL_LINEAR, true, true},
    {128, 512, SWL_LINEAR, true, true},
};

enum { widest = 512, heads = 4, head_size = 32 };

/// Memory for all products: random numbers, whose values do not matter.
typedef struct {
    float *source, *c, *bias, *scale, *scratch, *widened;
    void *prepared, *weight;
    int32_t *sum;
} layer_memory;

static void multiply(const swl_kernels *kernels, const char *format, size_t tokens, const layer_product *shape,
                     const layer_memory *memory) {
    swl_gemm product = {
        .rows = tokens, .inner = shape->inputs, .columns = shape->outputs, .end_column = shape->outputs,
        .a = memory->source, .a_stride = widest, .a_scale = memory->scale, .weight = memory->weight,
        .weight_scale = memory->scale, .weight_sum = memory->sum, .c = memory->c, .c_stride = widest,
        .bias = memory->bias, .activation = shape->activation, .accumulate = shape->accumulate,
        .a_zero_point = 128,
    };
    if (strcmp(format, "float32") == 0) return kernels->gemm_f32(&product);
    if (strcmp(format, "bfloat16") == 0 && kernels->widens_bf16) {
        product.widened = memory->widened;
        return kernels->gemm_bf16(&product);
    }
    product.a = memory->prepared;
    if (strcmp(format, "bfloat16") == 0) {
        if (shape->prepares) {
            kernels->narrow_rows(memory->source, widest, tokens, shape->inputs, memory->prepared, widest);
        }
        return kernels->gemm_bf16(&product);
    }
    if (shape->prepares) {
        kernels->quantize_rows(memory->source, widest, tokens, shape->inputs, 128, NULL, 0, memory->prepared, widest,
                               memory->scale);
    }
    kernels->gemm_int8(&product);
}

void run_layer(const swl_kernels *kernels, const char *format, size_t tokens, size_t repeats) {
    size_t most = tokens > widest ? tokens : widest;
    layer_memory memory = {
        .source = allocate_random(tokens * widest, 1), .c = allocate_random(tokens * widest, 1),
        .bias = allocate_random(widest, 1), .scale = allocate_random(most, 1),
        .scratch = allocate(kernels->attention_scratch(tokens, head_size), sizeof(float), 0),
        .widened = allocate(swl_widened_floats(kernels->panel, widest), sizeof(float), 0),
        .prepared = allocate(tokens * widest, sizeof(uint16_t), 0), .weight = allocate_random(widest * widest, 1),
        .sum = allocate(widest, sizeof(int32_t), 0),
    };
    swl_attention attention = {
        .queries = memory.source, .keys = memory.source + 128, .values = memory.source + 256, .query_stride = widest,
        .key_stride = widest, .value_stride = widest, .context = memory.c, .context_stride = widest, .length = tokens,
        .head_size = head_size, .end_head = heads, .end_query = tokens, .scratch = memory.scratch,
    };
    for (size_t repeat = 0; repeat < repeats; repeat++) {
        for (size_t i = 0; i < sizeof layer_products / sizeof layer_products[0]; i++) {
            multiply(kernels, format, tokens, &layer_products[i], &memory);
        }
        if (strcmp(format, "float32") == 0) {
            kernels->attention(&attention);
        } else if (strcmp(format, "bfloat16") == 0) {
            kernels->attention_bf16(&attention);
        } else {
            kernels->attention_int16(&attention);
        }
    }
    void *all[] = {memory.source, memory.c, memory.bias, memory.scale, memory.scratch, memory.widened, memory.prepared,
                   memory.weight, memory.sum};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free(all[i]);
}
