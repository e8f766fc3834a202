#include "internal.h"

void swl_gemm_widened(const swl_gemm *p, size_t panel, swl_widen_function widen, void (*gemm_f32)(const swl_gemm *)) {
    size_t steps = swl_round_up(p->inner, 2);
    for (size_t column = p->first_column; column < p->end_column; column += panel) {
        size_t width = swl_min(panel, p->columns - column);
        const uint16_t *weights = (const uint16_t *)p->weight + column * steps;
        widen(weights, width, steps, p->widened);
        bool last = column + panel >= p->end_column;
        swl_gemm part = *p;
        part.weight = p->widened;
        part.columns = part.end_column = width;
        part.first_column = 0;
        // The kernel prefetches as many lines as a panel of floats has: this panel's successor and the one after it.
        part.next_weight = last ? p->next_weight : weights + width * steps;
        if (p->c) part.c += column;
        if (p->narrow) part.narrow += column;
        if (p->bias) part.bias += column;
        if (p->scale) {
            part.scale += column;
            part.shift += column;
        }
        gemm_f32(&part);
    }
}
