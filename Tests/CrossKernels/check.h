/// Compares a table of kernels with the scalar one. It is written in C only, so that it runs where the Swift tests do
/// not run: under an emulator of another architecture.
#ifndef CROSS_KERNELS_CHECK_H
#define CROSS_KERNELS_CHECK_H

#include "CKernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Differences found so far.
extern int failure_count;

/// Counts a failure and prints the first few.
void fail(const char *what, const char *shape, size_t place, double value, double expected);

/// A random integer, low...high.
size_t random_between(size_t low, size_t high);
/// A random number in -magnitude..<magnitude.
float random_float(float magnitude);

/// Memory for `count` elements of `size` bytes, aligned to 64 bytes and filled with one byte.
void *allocate(size_t count, size_t size, int fill);
/// Random numbers in -magnitude..<magnitude.
float *allocate_random(size_t count, float magnitude);

/// Compares values with expected ones; a tolerance of 0 asks for the same bits (or NaN on both sides).
void expect_close(const char *what, const char *shape, const float *values, const float *expected, size_t count,
                  double tolerance);
void expect_same(const char *what, const char *shape, const void *values, const void *expected, size_t bytes);

void check_products(const swl_kernels *kernels, const swl_kernels *scalar);
void check_rows(const swl_kernels *kernels, const swl_kernels *scalar);
void check_quantizing(const swl_kernels *kernels, const swl_kernels *scalar);
void check_attention(const swl_kernels *kernels, const swl_kernels *scalar);

/// A table with AMX's products over a model of its tiles, and without a product of floats.
const swl_kernels *tile_model(void);
/// Checks that the comparison at start finds the model's products right, and wrong ones wrong.
void check_agreement(void);

/// Computes a layer of MobileBERT for a text of `tokens` tokens in "float32", "bfloat16" or "int8".
void run_layer(const swl_kernels *kernels, const char *format, size_t tokens, size_t repeats);

#endif
