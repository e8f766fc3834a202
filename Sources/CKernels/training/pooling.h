/// One row made of several, forward and backward.
static void pool_sum(const float *x, size_t stride, size_t rows, size_t columns, float weight, float step, float *y) {
    memset(y, 0, columns * sizeof *y);
    for (size_t r = 0; r < rows; r++, x += stride, weight += step) {
        for (size_t j = 0; j < columns; j++) y[j] += weight * x[j];
    }
}

static void pool_sum_backward(const float *dy, float weight, float step, float *dx, size_t stride, size_t rows,
                              size_t columns) {
    for (size_t r = 0; r < rows; r++, dx += stride, weight += step) {
        for (size_t j = 0; j < columns; j++) dx[j] += weight * dy[j];
    }
}

static void pool_largest(const float *x, size_t stride, size_t rows, size_t columns, float *y) {
    memcpy(y, x, columns * sizeof *y);
    for (size_t r = 1; r < rows; r++) {
        x += stride;
        // Written so that NaN remains.
        for (size_t j = 0; j < columns; j++) y[j] = x[j] <= y[j] ? y[j] : x[j];
    }
}

static void pool_largest_backward(const float *x, size_t x_stride, const float *y, const float *dy, float *dx,
                                  size_t dx_stride, size_t rows, size_t columns) {
    for (size_t j = 0; j < columns; j++) {
        size_t r = 0;
        while (r + 1 < rows && x[r * x_stride + j] != y[j]) r++;
        dx[r * dx_stride + j] += dy[j];
    }
}
