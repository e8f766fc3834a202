#include "math.h"

// Scratch: one head's keys, transposed to [head_size][length], then one query's scores. Transposed keys and whole rows
// of values let the inner loops run over adjacent floats.

size_t swl_attention_scratch_scalar(size_t length, size_t head_size) {
    return (head_size + 1) * length;
}

/// Functions that are compiled once for each format, which is a constant of the caller.
#define SWL_INLINE static inline __attribute__((always_inline))

/// A value of a product's operand, rounded to the product's format.
SWL_INLINE float operand(float x, bool narrow) {
    return narrow ? swl_widen(swl_narrow(x)) : x;
}

/// scores[j] = query . keys[j], summed in the order of the head's columns; keys is [head_size][length].
SWL_INLINE void score(const float *query, const float *keys, size_t length, size_t head_size, bool narrow,
                      float *restrict scores) {
    for (size_t j = 0; j < length; j++) scores[j] = 0.0f;
    for (size_t column = 0; column < head_size; column++, keys += length) {
        float factor = operand(query[column], narrow);
        for (size_t j = 0; j < length; j++) scores[j] += factor * keys[j];
    }
}

/// scores = e^(scores - max); returns 1 / the sum of the results. A NaN or +infinity among the scores makes the sum
/// NaN.
static float exponentials(float *scores, size_t length) {
    float largest = scores[0];
    for (size_t j = 1; j < length; j++) largest = scores[j] > largest ? scores[j] : largest;
    for (size_t j = 0; j < length; j++) scores[j] = swl_exp_scalar(scores[j] - largest);
    double sum = 0.0;
    for (size_t j = 0; j < length; j++) sum += (double)scores[j];
    return (float)(1.0 / sum);
}

/// context = scale * (scores values), summed in the order of the text's tokens.
SWL_INLINE void mix(const float *scores, float scale, const float *values, size_t value_stride, size_t length,
                    size_t head_size, bool narrow, float *restrict context) {
    for (size_t column = 0; column < head_size; column++) context[column] = 0.0f;
    for (size_t j = 0; j < length; j++, values += value_stride) {
        float factor = operand(scores[j], narrow);
        for (size_t column = 0; column < head_size; column++) {
            context[column] += factor * operand(values[column], narrow);
        }
    }
    for (size_t column = 0; column < head_size; column++) context[column] *= scale;
}

SWL_INLINE void attend(const swl_attention *attention, bool narrow) {
    size_t length = attention->length, head_size = attention->head_size;
    float *keys = attention->scratch, *scores = keys + head_size * length;
    for (size_t head = attention->first_head; head < attention->end_head; head++) {
        size_t first = head * head_size;
        for (size_t j = 0; j < length; j++) {
            const float *key = attention->keys + j * attention->key_stride + first;
            for (size_t column = 0; column < head_size; column++) {
                keys[column * length + j] = operand(key[column], narrow);
            }
        }
        for (size_t i = attention->first_query; i < attention->end_query; i++) {
            const float *query = attention->queries + i * attention->query_stride + first;
            score(query, keys, length, head_size, narrow, scores);
            float scale = exponentials(scores, length);
            mix(scores, scale, attention->values + first, attention->value_stride, length, head_size, narrow,
                attention->context + i * attention->context_stride + first);
        }
    }
}

void swl_attention_scalar(const swl_attention *attention) {
    attend(attention, false);
}

void swl_attention_bf16_scalar(const swl_attention *attention) {
    attend(attention, true);
}
