#include "internal.h"

#if SWL_X86

#include <cpuid.h>

/// The state components that the operating system saves (XCR0).
static uint64_t saved_state(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool bit(uint32_t word, unsigned index) { return word >> index & 1; }

/// Bits as in Intel's Software Developer's Manual, volume 2, CPUID.
swl_cpu swl_detect_cpu(void) {
    swl_cpu cpu = {0};
    uint32_t a, b, c, d, features;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !bit(c, 27)) return cpu;
    bool fma = bit(c, 12);
    uint64_t state = saved_state();
    bool saves_ymm = (state & 0x06) == 0x06, saves_zmm = (state & 0xE6) == 0xE6;
    if (!saves_ymm || !__get_cpuid_count(7, 0, &features, &b, &c, &d)) return cpu;
    cpu.avx2_fma = fma && bit(b, 5);
    cpu.avx512 = cpu.avx2_fma && saves_zmm && bit(b, 16) && bit(b, 17) && bit(b, 30) && bit(b, 31);
    cpu.avx512_vnni = cpu.avx512 && bit(c, 11);
    if (features == 0 || !__get_cpuid_count(7, 1, &a, &b, &c, &d)) return cpu;
    cpu.avx_vnni = cpu.avx2_fma && bit(a, 4);
    cpu.avx512_bf16 = cpu.avx512 && bit(a, 5);
    return cpu;
}

#elif SWL_ARM64 && defined(__linux__)

#include <sys/auxv.h>

/// Bits as in the kernel's Documentation/arch/arm64/elf_hwcaps; NEON itself is part of every 64-bit ARM.
swl_cpu swl_detect_cpu(void) { return (swl_cpu){.dotprod = getauxval(AT_HWCAP) >> 20 & 1}; }

#else

/// Elsewhere the build's target says everything.
swl_cpu swl_detect_cpu(void) { return (swl_cpu){0}; }

#endif
