#include "../internal.h"

#if SWL_X86

#define SWL_TARGET SWL_AVX512_FEATURES
#include "narrow.h"

SWL_FUNCTION void swl_narrow_rows_avx512(const float *source, size_t source_stride, size_t rows, size_t columns,
                                         uint16_t *target, size_t target_stride) {
    narrow_rows(source, source_stride, rows, columns, target, target_stride);
}

#endif
