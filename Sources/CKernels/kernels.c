#include "internal.h"

#include <pthread.h>

/// The tables that this build has, the fastest first: an instruction set is its folder and its place in this list.
#if SWL_X86
#define SWL_TABLES(table) table(avx512) table(avx512f) table(avx2) table(scalar)
#elif SWL_ARM64
#define SWL_TABLES(table) table(neon) table(scalar)
#else
#define SWL_TABLES(table) table(scalar)
#endif

#define SWL_DECLARE_TABLE(set) SWL_TABLE(set);
SWL_TABLES(SWL_DECLARE_TABLE)

static const struct {
    const char *name;
    bool (*fill)(swl_kernels *table);
} candidates[] = {
#define SWL_CANDIDATE(set) {#set, swl_fill_##set},
    SWL_TABLES(SWL_CANDIDATE)
};

/// The candidates that this CPU can run, in their order.
static swl_kernels tables[sizeof candidates / sizeof candidates[0]];
static size_t table_count;
static pthread_once_t tables_filled = PTHREAD_ONCE_INIT;

static void fill_tables(void) {
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        swl_kernels *table = &tables[table_count];
        table->name = candidates[i].name;
        swl_fill_scalar(table);
        if (candidates[i].fill(table)) table_count++;
    }
}

const swl_kernels *swl_kernels_named(const char *name) {
    pthread_once(&tables_filled, fill_tables);
    for (size_t i = 0; i < table_count; i++) {
        if (strcmp(name, tables[i].name) == 0) return &tables[i];
    }
    return NULL;
}

const swl_kernels *swl_kernels_best(void) {
    pthread_once(&tables_filled, fill_tables);
    return &tables[0];
}
