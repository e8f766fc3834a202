#include "internal.h"

#if SWL_X86

#include <cpuid.h>

bool swl_cpuid(uint32_t leaf, uint32_t subleaf, swl_register index, unsigned bit) {
    uint32_t answer[4];
    // Subleaf 0's EAX is the number of leaf 7's last subleaf. For a subleaf beyond it, the CPU's answer is undefined.
    if (leaf == 7 && subleaf > 0) {
        if (!__get_cpuid_count(leaf, 0, &answer[0], &answer[1], &answer[2], &answer[3])) return false;
        if (answer[0] < subleaf) return false;
    }
    if (!__get_cpuid_count(leaf, subleaf, &answer[0], &answer[1], &answer[2], &answer[3])) return false;
    return answer[index] >> bit & 1;
}

bool swl_saves_state(uint64_t components) {
    // OSXSAVE: without it there is no xgetbv.
    if (!swl_cpuid(1, 0, SWL_ECX, 27)) return false;
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (((uint64_t)high << 32 | low) & components) == components;
}

bool swl_is_intel(void) {
    uint32_t highest, name[3];
    // EBX, EDX and ECX hold "GenuineIntel", in this order.
    return __get_cpuid(0, &highest, &name[0], &name[2], &name[1]) && memcmp(name, "GenuineIntel", sizeof name) == 0;
}

bool swl_has_avx2_fma(void) {
    return swl_saves_state(0x06) && swl_cpuid(1, 0, SWL_ECX, 12) && swl_cpuid(7, 0, SWL_EBX, 5);
}

bool swl_has_avx512(void) {
    return swl_has_avx2_fma() && swl_saves_state(0xE6) && swl_cpuid(7, 0, SWL_EBX, 16) &&
           swl_cpuid(7, 0, SWL_EBX, 17) && swl_cpuid(7, 0, SWL_EBX, 30) && swl_cpuid(7, 0, SWL_EBX, 31);
}

#endif
