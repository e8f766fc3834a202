/// One block of a rotation, as Sylvester's construction has it: sums and differences of ever larger halves.
#ifndef CKERNELS_SCALAR_ROTATE_H
#define CKERNELS_SCALAR_ROTATE_H

#include "../internal.h"

static inline void swl_rotate_block_scalar(float *block, size_t rotation) {
    for (size_t half = 1; half < rotation; half *= 2) {
        for (size_t first = 0; first < rotation; first += 2 * half) {
            for (size_t j = first; j < first + half; j++) {
                float left = block[j], right = block[j + half];
                block[j] = left + right;
                block[j + half] = left - right;
            }
        }
    }
}

#endif
