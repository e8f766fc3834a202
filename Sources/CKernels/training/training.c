#include "../internal.h"

extern const swl_training swl_training_baseline, swl_training_avx2, swl_training_avx512;

const swl_training *swl_training_best(void) {
#if SWL_X86
    if (swl_has_avx512()) return &swl_training_avx512;
    if (swl_has_avx2_fma()) return &swl_training_avx2;
#endif
    return &swl_training_baseline;
}

const swl_training *swl_training_named(const char *name) {
#if SWL_X86
    if (strcmp(name, "avx512") == 0) return swl_has_avx512() ? &swl_training_avx512 : NULL;
    if (strcmp(name, "avx2") == 0) return swl_has_avx2_fma() ? &swl_training_avx2 : NULL;
#endif
    return strcmp(name, "baseline") == 0 ? &swl_training_baseline : NULL;
}
