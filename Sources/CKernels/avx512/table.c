#include "../internal.h"

#if SWL_X86

bool swl_fill_avx512(swl_kernels *table, const swl_cpu *cpu) {
    (void)table;
    (void)cpu;
    return false;
}

#else

bool swl_fill_avx512(swl_kernels *table, const swl_cpu *cpu) {
    (void)table;
    (void)cpu;
    return false;
}

#endif
