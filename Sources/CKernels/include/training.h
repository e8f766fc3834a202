/// Functions of training, in a table for each instruction set: the parts of layers that are no products, forward and
/// backward, and the optimizer.
///
/// Matrices are row-major, and `stride` floats lie between the beginnings of rows. A thread calls a function for its
/// own rows or columns. Each number is computed in one order, whatever the division, so results do not depend on it.
#ifndef CKERNELS_TRAINING_H
#define CKERNELS_TRAINING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The activations of transformers' `ACT2FN`, in the order of Swift's `Activation`.
typedef enum {
    SWL_ACT_GELU, SWL_ACT_CLIPPED_GELU, SWL_ACT_GELU_TANH, SWL_ACT_QUICK_GELU, SWL_ACT_HARDSWISH, SWL_ACT_LAPLACE,
    SWL_ACT_LEAKY_RELU, SWL_ACT_LINEAR, SWL_ACT_MISH, SWL_ACT_RELU, SWL_ACT_SQUARED_RELU, SWL_ACT_RELU6,
    SWL_ACT_SIGMOID, SWL_ACT_SILU, SWL_ACT_SQRT_SOFTPLUS, SWL_ACT_TANH,
} swl_training_activation;

/// Which values are dropped: those whose random number is below `threshold`, a probability in units of 2^-32. The
/// number depends on the key and the value's place alone, so the backward pass finds the same values without a mask.
typedef struct {
    uint64_t key;
    uint32_t threshold;
    /// 1 / (1 - probability), by which the other values are multiplied.
    float scale;
} swl_dropout;

/// One step of AdamW for some parameters; PyTorch's `torch.optim.AdamW`.
typedef struct {
    /// The learning rate divided by 1 - beta1^t.
    float step_size;
    /// 1 - learning rate * weight decay.
    float decay;
    float beta1, beta2, epsilon;
    /// 1 / sqrt(1 - beta2^t).
    float second_correction;
    /// The factor of gradient clipping.
    float gradient_scale;
} swl_adamw;

/// The functions for one instruction set.
typedef struct {
    /// "baseline", "avx2" or "avx512".
    const char *name;
    /// y = bias in each row, or 0 without one.
    void (*fill_rows)(float *y, size_t stride, size_t rows, size_t columns, const float *bias);
    /// y += x.
    void (*add_rows)(float *y, size_t y_stride, const float *x, size_t x_stride, size_t rows, size_t columns);
    /// sums = the sum of the rows, added to the old sums if `accumulate`.
    void (*sum_columns)(const float *x, size_t stride, size_t rows, size_t columns, float *sums, bool accumulate);
    /// y = activation(x); y may be x.
    void (*activate)(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows, size_t columns,
                     swl_training_activation activation);
    /// dy *= activation'(x). For ReLU, x may also be its output.
    void (*activate_backward)(const float *x, size_t x_stride, float *dy, size_t dy_stride, size_t rows,
                              size_t columns, swl_training_activation activation);
    /// y = the values of x that are not dropped, scaled; y may be x. `first` is the place of the first value; the
    /// places of rows lie `width` apart.
    void (*drop)(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows, size_t columns,
                 uint64_t first, size_t width, swl_dropout dropout);
    /// y = LayerNorm(x), with mean and 1 / standard deviation of each row in `statistics`.
    void (*layer_norm)(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows, size_t columns,
                       const float *weight, const float *bias, double epsilon, float *statistics);
    /// dx from dy.
    void (*layer_norm_backward)(const float *x, size_t x_stride, const float *dy, size_t dy_stride, float *dx,
                                size_t dx_stride, size_t rows, size_t columns, const float *weight,
                                const float *statistics);
    /// The gradients of weight and bias for some columns, added to the old ones if `accumulate`. Without statistics
    /// they are those of NoNorm.
    void (*norm_parameters_backward)(const float *x, size_t x_stride, const float *dy, size_t dy_stride, size_t rows,
                                     size_t columns, const float *statistics, float *weight, float *bias,
                                     bool accumulate);
    /// y = x * scale + bias in each row, without bias if that is null.
    void (*scale_rows)(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows, size_t columns,
                       const float *scale, const float *bias);
    /// y = the rows of `table` with these numbers, or zeros for a negative number; y += them if `accumulate`.
    void (*gather)(const float *table, size_t table_stride, const int32_t *numbers, float *y, size_t stride,
                   size_t rows, size_t columns, bool accumulate);
    /// Adds the rows of dy to those of `table` with these numbers, but not to row `ignored` or negative ones.
    void (*scatter)(float *table, size_t table_stride, const int32_t *numbers, int32_t ignored, const float *dy,
                    size_t stride, size_t rows, size_t columns);
    /// y = the sum of the rows, of which the first counts `weight` times, and each further one `step` more.
    void (*pool_sum)(const float *x, size_t stride, size_t rows, size_t columns, float weight, float step, float *y);
    /// Adds dy to each row of dx, as many times as its row counted.
    void (*pool_sum_backward)(const float *dy, float weight, float step, float *dx, size_t stride, size_t rows,
                              size_t columns);
    /// y = the largest value of each column.
    void (*pool_largest)(const float *x, size_t stride, size_t rows, size_t columns, float *y);
    /// Adds each value of dy to dx where x first has the largest value of its column, which is y's.
    void (*pool_largest_backward)(const float *x, size_t x_stride, const float *y, const float *dy, float *dx,
                                  size_t dx_stride, size_t rows, size_t columns);
    /// Each row of scores becomes softmax(scores * scale). Row i has all columns, or i + 1 if `causal`, and zeros
    /// behind.
    void (*softmax)(float *scores, size_t stride, size_t rows, size_t columns, float scale, bool causal);
    /// dp, the gradient of softmax's result p, becomes that of the scores.
    void (*softmax_backward)(const float *p, float *dp, size_t stride, size_t rows, size_t columns, float scale);
    /// Each row of logits becomes softmax(logits) - t, the gradient of the row's loss log(sum of e^logits) - sum of
    /// t logits. The target t is 1 - smoothing for the label, and smoothing / columns more for all columns.
    void (*cross_entropy)(float *logits, size_t stride, size_t rows, size_t columns, const int32_t *labels,
                          double smoothing, float *losses, size_t losses_stride);
    /// x *= a factor for each row.
    void (*multiply_rows)(float *x, size_t stride, size_t rows, size_t columns, const float *factors,
                          size_t factors_stride);
    /// The sum of squares in double precision.
    double (*sum_of_squares)(const float *x, size_t count);
    /// Moves parameters and moments; `gradient` may be null for zeros.
    void (*adamw)(float *parameters, const float *gradient, float *first, float *second, size_t count, swl_adamw step);
} swl_training;

/// The fastest functions that this CPU has.
const swl_training *swl_training_best(void);
/// The functions of that name, or null if this CPU or build lacks them.
const swl_training *swl_training_named(const char *name);

#endif
