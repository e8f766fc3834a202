#include "internal.h"

#include <pthread.h>

/// The tables of all instruction sets, the fastest first; avx512bf16 and avx512amx are for operators who want to
/// compare. An instruction set consists of its folder and its place in this list. A variant is a table for tests, which
/// an operator cannot choose.
#define SWL_TABLES(table, variant)                                                                                    \
    table(avx512) table(avx512bf16) table(avx512amx) variant(avx512f) table(avx2)                                     \
    table(neon) variant(neon86) variant(neon82) variant(neon80) table(scalar)

#define SWL_DECLARE_TABLE(set) SWL_TABLE(set);
SWL_TABLES(SWL_DECLARE_TABLE, SWL_DECLARE_TABLE)

static const struct {
    const char *name;
    bool (*fill)(swl_kernels *table);
} candidates[] = {
#define SWL_CANDIDATE(set) {#set, swl_fill_##set},
    SWL_TABLES(SWL_CANDIDATE, SWL_CANDIDATE)
};

/// The tables that this CPU can run, in the order of the list.
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

const char *swl_kernels_name(size_t index) {
#define SWL_NAME(set) #set,
#define SWL_NO_NAME(set)
    static const char *const names[] = {SWL_TABLES(SWL_NAME, SWL_NO_NAME)};
    return index < sizeof names / sizeof names[0] ? names[index] : NULL;
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
