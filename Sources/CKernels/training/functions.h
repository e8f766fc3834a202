/// All functions of training for one instruction set, and their table. The including file defines SWL_TRAINING_TABLE,
/// the table's name, and SWL_TRAINING_NAME, that of the set; it may set the CPU features of all functions.
///
/// The functions are plain loops that the compiler vectorizes. Unlike the encoder's kernels they may contract products
/// and sums, since gradients have no fixed bits across CPUs.
#pragma clang fp contract(fast)

#include "../scalar/math.h"
#include "activations.h"
#include "adamw.h"
#include "dropout.h"
#include "embeddings.h"
#include "norms.h"
#include "pooling.h"
#include "rows.h"
#include "losses.h"

const swl_training SWL_TRAINING_TABLE = {
    .name = SWL_TRAINING_NAME,
    .fill_rows = fill_rows,
    .add_rows = add_rows,
    .sum_columns = sum_columns,
    .activate = activate,
    .activate_backward = activate_backward,
    .drop = drop,
    .layer_norm = layer_norm,
    .layer_norm_backward = layer_norm_backward,
    .norm_parameters_backward = norm_parameters_backward,
    .scale_rows = scale_rows,
    .gather = gather,
    .scatter = scatter,
    .pool_sum = pool_sum,
    .pool_sum_backward = pool_sum_backward,
    .pool_largest = pool_largest,
    .pool_largest_backward = pool_largest_backward,
    .softmax = softmax,
    .softmax_backward = softmax_backward,
    .cross_entropy = cross_entropy,
    .multiply_rows = multiply_rows,
    .sum_of_squares = sum_of_squares,
    .adamw = adamw,
};
