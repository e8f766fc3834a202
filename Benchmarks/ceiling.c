// Measures the most operations a second that the CPU can do: multiply-adds in registers, with enough of them in parallel
// to hide their latency.
//
//     cc -O2 -pthread ceiling.c -o ceiling && ./ceiling THREADS
//
// Prints a line for each type for which the CPU has instructions: the name, and the operations a second of all threads
// together (a multiplication and an addition are two operations).

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>

enum { chains = 12, steps = 1 << 22, repeats = 5 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// `accumulators` and the two factors stay in registers; the empty asm keeps the compiler from removing the loop.
#define MULTIPLY_ADDS(name, isa, vector, zero, step)                        \
    __attribute__((target(isa))) static void *name(void *unused) {          \
        vector sums[chains];                                                \
        vector a = zero, b = zero;                                          \
        for (int c = 0; c < chains; c++) sums[c] = zero;                    \
        __asm__ volatile("" : "+x"(a), "+x"(b));                            \
        for (int i = 0; i < steps; i++) {                                   \
            _Pragma("GCC unroll 12") for (int c = 0; c < chains; c++) {     \
                sums[c] = step;                                             \
                __asm__ volatile("" : "+x"(sums[c]));                       \
            }                                                               \
        }                                                                   \
        return unused;                                                      \
    }

MULTIPLY_ADDS(avx2_float32, "avx2,fma", __m256, _mm256_setzero_ps(), _mm256_fmadd_ps(a, b, sums[c]))
MULTIPLY_ADDS(avx512_float32, "avx512f", __m512, _mm512_setzero_ps(), _mm512_fmadd_ps(a, b, sums[c]))
MULTIPLY_ADDS(avx512_bfloat16, "avx512f,avx512bf16", __m512, _mm512_setzero_ps(),
              _mm512_dpbf16_ps(sums[c], (__m512bh)a, (__m512bh)b))
MULTIPLY_ADDS(avx512_int8, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512(), _mm512_dpbusd_epi32(sums[c], a, b))

static void report(const char *name, void *(*work)(void *), int threads, double operations) {
    pthread_t *others = malloc((size_t)threads * sizeof *others);
    if (others == NULL) exit(1);
    double best = 1e9;
    for (int repeat = 0; repeat < repeats; repeat++) {
        const double started = now();
        for (int t = 0; t < threads; t++) {
            if (pthread_create(&others[t], NULL, work, NULL) != 0) exit(1);
        }
        for (int t = 0; t < threads; t++) pthread_join(others[t], NULL);
        const double seconds = now() - started;
        if (seconds < best) best = seconds;
    }
    free(others);
    printf("%s %.4g\n", name, operations * chains * steps * threads / best);
}

int main(int count, char **arguments) {
    const int threads = count > 1 ? atoi(arguments[1]) : 1;
    if (threads < 1) return 1;
    if (__builtin_cpu_supports("avx512f")) {
        report("float32", avx512_float32, threads, 32);
    } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        report("float32", avx2_float32, threads, 16);
    }
    if (__builtin_cpu_supports("avx512bf16")) report("bfloat16", avx512_bfloat16, threads, 64);
    if (__builtin_cpu_supports("avx512vnni")) report("int8", avx512_int8, threads, 128);
    return 0;
}
#else
int main(void) { return 0; }
#endif
