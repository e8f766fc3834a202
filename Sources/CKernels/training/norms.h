/// LayerNorm (arXiv 1607.06450) and NoNorm, forward and backward.

/// With x^ = (x - mean) / deviation: y = x^ * weight + bias. The variance is the biased one. `statistics` holds mean
/// and 1 / deviation of each row.
static void layer_norm(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows, size_t columns,
                       const float *weight, const float *bias, double epsilon, float *statistics) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++, x += x_stride, y += y_stride) {
        double sum = 0, squares = 0;
        for (size_t j = 0; j < columns; j++) sum += x[j];
        float mean = (float)(sum / (double)columns);
        for (size_t j = 0; j < columns; j++) squares += (double)(x[j] - mean) * (x[j] - mean);
        float reciprocal = (float)(1 / sqrt(squares / (double)columns + epsilon));
        for (size_t j = 0; j < columns; j++) y[j] = (x[j] - mean) * reciprocal * weight[j] + bias[j];
        statistics[2 * r] = mean;
        statistics[2 * r + 1] = reciprocal;
    }
}

/// With g = dy * weight: dx = (g - mean(g) - x^ * mean(g * x^)) / deviation.
static void layer_norm_backward(const float *x, size_t x_stride, const float *dy, size_t dy_stride, float *dx,
                                size_t dx_stride, size_t rows, size_t columns, const float *weight,
                                const float *statistics) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++, x += x_stride, dy += dy_stride, dx += dx_stride) {
        float mean = statistics[2 * r], reciprocal = statistics[2 * r + 1];
        float sum = 0, projection = 0;
        for (size_t j = 0; j < columns; j++) {
            float g = dy[j] * weight[j];
            sum += g;
            projection += g * (x[j] - mean);
        }
        float average = sum / (float)columns;
        float slope = projection * reciprocal * reciprocal / (float)columns;
        for (size_t j = 0; j < columns; j++) {
            dx[j] = (dy[j] * weight[j] - average - (x[j] - mean) * slope) * reciprocal;
        }
    }
}

/// dweight = sum of dy * x^ and dbias = sum of dy over all rows; NoNorm has x instead of x^.
static void norm_parameters_backward(const float *x, size_t x_stride, const float *dy, size_t dy_stride, size_t rows,
                                     size_t columns, const float *statistics, float *weight, float *bias,
                                     bool accumulate) {
    if (!accumulate) {
        memset(weight, 0, columns * sizeof *weight);
        memset(bias, 0, columns * sizeof *bias);
    }
    for (size_t r = 0; r < rows; r++, x += x_stride, dy += dy_stride) {
        float mean = statistics ? statistics[2 * r] : 0, reciprocal = statistics ? statistics[2 * r + 1] : 1;
        for (size_t j = 0; j < columns; j++) {
            weight[j] += dy[j] * ((x[j] - mean) * reciprocal);
            bias[j] += dy[j];
        }
    }
}

/// NoNorm, and, without bias, its backward pass.
static void scale_rows(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows, size_t columns,
                       const float *scale, const float *bias) {
    for (size_t r = 0; r < rows; r++, x += x_stride, y += y_stride) {
        if (bias) {
            for (size_t j = 0; j < columns; j++) y[j] = x[j] * scale[j] + bias[j];
        } else {
            for (size_t j = 0; j < columns; j++) y[j] = x[j] * scale[j];
        }
    }
}
