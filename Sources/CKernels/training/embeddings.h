/// Rows of an embedding table, forward and backward.
static void gather(const float *table, size_t table_stride, const int32_t *numbers, float *y, size_t stride,
                   size_t rows, size_t columns, bool accumulate) {
    for (size_t r = 0; r < rows; r++, y += stride) {
        if (numbers[r] < 0) {
            if (!accumulate) memset(y, 0, columns * sizeof *y);
            continue;
        }
        const float *row = table + (size_t)numbers[r] * table_stride;
        if (accumulate) {
            for (size_t j = 0; j < columns; j++) y[j] += row[j];
        } else {
            memcpy(y, row, columns * sizeof *y);
        }
    }
}

static void scatter(float *table, size_t table_stride, const int32_t *numbers, int32_t ignored, const float *dy,
                    size_t stride, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, dy += stride) {
        if (numbers[r] < 0 || numbers[r] == ignored) continue;
        float *row = table + (size_t)numbers[r] * table_stride;
        for (size_t j = 0; j < columns; j++) row[j] += dy[j];
    }
}
