/// Cross-entropy over many classes.

/// The sum of a row: in single precision for a thousand values each, in double precision for these sums.
static double sum_of_row(const float *x, size_t count) {
#pragma clang fp reassociate(on)
    double sum = 0;
    for (size_t start = 0; start < count; start += 1024) {
        size_t end = start + 1024 < count ? start + 1024 : count;
        float part = 0;
        for (size_t j = start; j < end; j++) part += x[j];
        sum += part;
    }
    return sum;
}

static void cross_entropy(float *x, size_t stride, size_t rows, size_t columns, const int32_t *labels, double smoothing,
                          float *losses, size_t losses_stride) {
    double spread = smoothing / (double)columns;
    for (size_t r = 0; r < rows; r++, x += stride, losses += losses_stride) {
        size_t label = (size_t)labels[r];
        float top = largest(x, columns), right = x[label];
        double target = (1 - smoothing) * ((double)right - top);
        if (smoothing > 0) target += spread * (sum_of_row(x, columns) - (double)columns * top);
        for (size_t j = 0; j < columns; j++) x[j] = swl_exp_scalar(x[j] - top);
        double sum = sum_of_row(x, columns);
        *losses = (float)(log(sum) - target);
        float factor = (float)(1 / sum), other = (float)spread;
        for (size_t j = 0; j < columns; j++) x[j] = x[j] * factor - other;
        x[label] -= (float)(1 - smoothing);
    }
}

static void multiply_rows(float *x, size_t stride, size_t rows, size_t columns, const float *factors,
                          size_t factors_stride) {
    for (size_t r = 0; r < rows; r++, x += stride, factors += factors_stride) {
        for (size_t j = 0; j < columns; j++) x[j] *= *factors;
    }
}
