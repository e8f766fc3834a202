/// Rows that are filled, added and summed, and softmax.
static void fill_rows(float *y, size_t stride, size_t rows, size_t columns, const float *bias) {
    for (size_t r = 0; r < rows; r++, y += stride) {
        if (bias) {
            memcpy(y, bias, columns * sizeof *y);
        } else {
            memset(y, 0, columns * sizeof *y);
        }
    }
}

static void add_rows(float *y, size_t y_stride, const float *x, size_t x_stride, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, y += y_stride, x += x_stride) {
        for (size_t j = 0; j < columns; j++) y[j] += x[j];
    }
}

static void sum_columns(const float *x, size_t stride, size_t rows, size_t columns, float *sums, bool accumulate) {
    if (!accumulate) memset(sums, 0, columns * sizeof *sums);
    for (size_t r = 0; r < rows; r++, x += stride) {
        for (size_t j = 0; j < columns; j++) sums[j] += x[j];
    }
}

static double sum_of_squares(const float *x, size_t count) {
    double lanes[SWL_VECTOR] = {0};
    size_t i = 0;
    for (; i + SWL_VECTOR <= count; i += SWL_VECTOR) {
        for (size_t l = 0; l < SWL_VECTOR; l++) lanes[l] += (double)x[i + l] * x[i + l];
    }
    double sum = 0;
    for (; i < count; i++) sum += (double)x[i] * x[i];
    for (size_t l = 0; l < SWL_VECTOR; l++) sum += lanes[l];
    return sum;
}

static float largest(const float *x, size_t count) {
    float lanes[SWL_VECTOR];
    for (size_t l = 0; l < SWL_VECTOR; l++) lanes[l] = -INFINITY;
    size_t i = 0;
    for (; i + SWL_VECTOR <= count; i += SWL_VECTOR) {
        for (size_t l = 0; l < SWL_VECTOR; l++) lanes[l] = x[i + l] > lanes[l] ? x[i + l] : lanes[l];
    }
    for (; i < count; i++) lanes[0] = x[i] > lanes[0] ? x[i] : lanes[0];
    for (size_t l = 1; l < SWL_VECTOR; l++) lanes[0] = lanes[l] > lanes[0] ? lanes[l] : lanes[0];
    return lanes[0];
}

/// The largest score is taken away before the scale: it then gives exactly 0, however large the scores are.
static void softmax(float *scores, size_t stride, size_t rows, size_t columns, float scale, bool causal) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++, scores += stride) {
        size_t count = causal ? r + 1 : columns;
        float top = largest(scores, count), sum = 0;
        for (size_t j = 0; j < count; j++) scores[j] = swl_exp_scalar((scores[j] - top) * scale);
        for (size_t j = 0; j < count; j++) sum += scores[j];
        float factor = 1 / sum;
        for (size_t j = 0; j < count; j++) scores[j] *= factor;
        for (size_t j = count; j < columns; j++) scores[j] = 0;
    }
}

/// With p = softmax(scale * s): ds = scale * p * (dp - sum(p * dp)).
static void softmax_backward(const float *p, float *dp, size_t stride, size_t rows, size_t columns, float scale) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++, p += stride, dp += stride) {
        float sum = 0;
        for (size_t j = 0; j < columns; j++) sum += p[j] * dp[j];
        for (size_t j = 0; j < columns; j++) dp[j] = p[j] * (dp[j] - sum) * scale;
    }
}
