/// Dropout by a counter-based generator.

/// 32 random bits for a place: two rounds of multiplications and shifts (the constants of Wellons' "lowbias32"), with
/// half of the key before each.
static inline uint32_t random_bits(uint32_t place, uint32_t low, uint32_t high) {
    uint32_t x = place ^ low;
    x = (x ^ x >> 16) * 0x7FEB352Du;
    x = (x ^ x >> 15) * 0x846CA68Bu;
    x = (x ^ x >> 16) + high;
    x = (x ^ x >> 16) * 0x7FEB352Du;
    x = (x ^ x >> 15) * 0x846CA68Bu;
    return x ^ x >> 16;
}

static void drop(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows, size_t columns,
                 uint64_t first, size_t width, swl_dropout dropout) {
    uint32_t low = (uint32_t)dropout.key, high = (uint32_t)(dropout.key >> 32), threshold = dropout.threshold;
    float scale = dropout.scale;
    for (size_t r = 0; r < rows; r++, x += x_stride, y += y_stride) {
        uint32_t place = (uint32_t)(first + r * width);
        for (uint32_t j = 0; j < (uint32_t)columns; j++) {
            y[j] = random_bits(place + j, low, high) < threshold ? 0 : x[j] * scale;
        }
    }
}
