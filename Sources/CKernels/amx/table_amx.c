#include "../internal.h"

#if SWL_X86 && defined(__linux__)

#include "../avx512/target.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

/// The table that this one differs from in two products.
SWL_TABLE(avx512);
void swl_gemm_bf16_amx(const swl_gemm *product);
void swl_gemm_int8_amx(const swl_gemm *product);

/// Whether the CPU has tiles with products of bfloat16 and of bytes, and the operating system saves them (XCR0's bits
/// for the tiles and their configuration).
static bool has_amx(void) {
    return swl_saves_state(0x60000) && swl_cpuid(7, 0, SWL_EDX, 24) && swl_cpuid(7, 0, SWL_EDX, 22) &&
           swl_cpuid(7, 0, SWL_EDX, 25);
}

static const char *refusal;
static pthread_once_t started = PTHREAD_ONCE_INIT;

/// Asks Linux for the tiles, which a process may not use before, and compares their products with the scalar ones.
static void start(void) {
    // ARCH_REQ_XCOMP_PERM and the number of the state component, from Linux's Documentation/arch/x86/xstate.
    if (syscall(SYS_arch_prctl, 0x1023, 18) != 0) {
        refusal = "Linux does not permit AMX's tiles to this process (arch_prctl), which it does from version 5.16 on";
    } else if (!swl_products_agree(swl_kernels_named("avx512amx"))) {
        refusal = "AMX's products differ from the same products in plain C on this CPU";
    }
}

static const char *start_amx(void) {
    pthread_once(&started, start);
    return refusal;
}

/// AVX-512's kernels, but products of bfloat16 and int8 in tiles.
SWL_TABLE(avx512amx) {
    if (!has_amx() || !swl_fill_avx512(table)) return false;
    table->start = start_amx;
    table->widens_bf16 = false;
    table->gemm_bf16 = swl_gemm_bf16_amx;
    table->gemm_bf16_name = "gemm_bf16_32x32_amx";
    table->gemm_int8 = swl_gemm_int8_amx;
    table->gemm_int8_name = "gemm_int8_32x32_amx";
    return true;
}

#else

SWL_NO_TABLE(avx512amx)

#endif
