#include "math.h"

// Scratch: one head's keys, transposed to [head_size][length], then one query's scores. Transposed keys and whole rows
// of values let the inner loops run over adjacent floats.

// In 16-bit integers: one head's keys and values in the caller's order, as integers, with their factors.

size_t swl_attention_scratch_scalar(size_t length, size_t head_size) {
    return (2 * head_size + 2) * length + 2 * head_size;
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

/// Rounds `count` values that are `stride` apart to integers up to `limit`, `target_stride` apart; returns the factor
/// that takes them back, NaN if a value is not finite.
static float round_to_integers(const float *x, size_t stride, size_t count, float limit, float *target,
                               size_t target_stride) {
    // Magnitudes are compared as integers, so that NaN is the largest of all.
    uint32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t magnitude = swl_bits(x[i * stride]) & 0x7FFFFFFF;
        largest = magnitude > largest ? magnitude : largest;
    }
    float maximum = swl_float(largest);
    bool usable = largest < 0x7F800000 && maximum >= SWL_QUANTIZE_MINIMUM;
    for (size_t i = 0; i < count; i++) {
        target[i * target_stride] = usable ? (float)swl_round(x[i * stride] * (limit / maximum)) : 0.0f;
    }
    return largest >= 0x7F800000 ? NAN : usable ? maximum / limit : 0.0f;
}

/// One query's context, by a head's integers: `keys` and `values` are [length][head_size], followed by the factors.
static void attend_to_integers(const float *query, const float *keys, const float *values, size_t length,
                               size_t head_size, float *scores, float *integers, float *context) {
    const float *key_scale = keys + head_size * length, *value_scale = values + head_size * length;
    float scale = round_to_integers(query, 1, head_size, swl_attention_limit(head_size), integers, 1);
    for (size_t j = 0; j < length; j++) {
        // Doubles hold these integers exactly.
        double total = 0.0;
        for (size_t column = 0; column < head_size; column++) {
            total += (double)integers[column] * (double)keys[j * head_size + column];
        }
        scores[j] = (float)total * key_scale[j] * scale;
    }
    float sum = 1.0f / exponentials(scores, length);
    float factor = fminf(SWL_ATTENTION_WEIGHTS / sum, SWL_ATTENTION_WEIGHT);
    for (size_t column = 0; column < head_size; column++) {
        double total = 0.0;
        for (size_t j = 0; j < length; j++) {
            total += (double)swl_round(scores[j] * factor) * (double)values[j * head_size + column];
        }
        context[column] = (float)total * value_scale[column] / (sum * factor);
    }
}

void swl_attention_int16_scalar(const swl_attention *attention) {
    size_t length = attention->length, head_size = attention->head_size;
    if (length < SWL_ATTENTION_SHORTEST) return swl_attention_scalar(attention);
    float *keys = attention->scratch, *values = keys + (head_size + 1) * length;
    float *integers = values + head_size * (length + 1), *scores = integers + head_size;
    for (size_t head = attention->first_head; head < attention->end_head; head++) {
        size_t first = head * head_size;
        for (size_t j = 0; j < length; j++) {
            keys[head_size * length + j] =
                round_to_integers(attention->keys + j * attention->key_stride + first, 1, head_size,
                                  swl_attention_limit(head_size), keys + j * head_size, 1);
        }
        for (size_t column = 0; column < head_size; column++) {
            values[head_size * length + column] =
                round_to_integers(attention->values + first + column, attention->value_stride, length,
                                  SWL_ATTENTION_VALUE, values + column, head_size);
        }
        for (size_t i = attention->first_query; i < attention->end_query; i++) {
            attend_to_integers(attention->queries + i * attention->query_stride + first, keys, values, length,
                               head_size, scores, integers, attention->context + i * attention->context_stride + first);
        }
    }
}
