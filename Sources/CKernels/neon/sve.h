/// Products by SVE's matrix instructions on CPUs whose vectors have 256 bits, such as Neoverse V1: as in squares.h,
/// with twice the columns in a vector. Vectors of 128 bits would gain nothing over NEON.
///
/// A file that includes this one defines `squared_sums`, a vector of eight sums (two rows and two columns, and the same
/// rows with the next two columns); `add_square`, which adds products to them; `start_sums`, their first values for
/// four columns; and `finish_sums`, which hands a row's sums to `finish_row` as floats.
#ifndef CKERNELS_NEON_SVE_H
#define CKERNELS_NEON_SVE_H

#define SWL_TARGET "sve,i8mm,bf16"
#define SWL_NARROW_BF16
#define SWL_TILE_ROWS 8
#define SWL_ROW_GROUP 2
#define SWL_BLOCK_STEPS 16
#include "lanes.h"

/// Two groups of 8.
enum { step_bytes = 16 };

#include "pairs.h"

#include <arm_sve.h>

enum { sve_bytes = 32, sve_floats = sve_bytes / sizeof(float) };

/// 16 bytes of a row, in both halves of a vector.
SWL_INLINE svuint8_t load_row(const char *source) { return svld1rq_u8(svptrue_b8(), (const uint8_t *)source); }

/// A group of each of four columns.
SWL_INLINE svuint8_t load_columns(const char *weight, size_t index) {
    return svld1_u8(svptrue_b8(), (const uint8_t *)weight + index * sve_bytes);
}

SWL_INLINE svuint8_t first_groups(svuint8_t row, svuint8_t other) {
    return svreinterpret_u8_u64(svtrn1_u64(svreinterpret_u64_u8(row), svreinterpret_u64_u8(other)));
}

SWL_INLINE svuint8_t second_groups(svuint8_t row, svuint8_t other) {
    return svreinterpret_u8_u64(svtrn2_u64(svreinterpret_u64_u8(row), svreinterpret_u64_u8(other)));
}

SWL_INLINE svfloat32_t load_half(const float *source) { return svld1_f32(svptrue_b32(), source); }

/// Applies the epilogue from the activation on to a row's sixteen values and writes them.
SWL_INLINE void finish_row(const swl_gemm *p, size_t row, size_t column, svfloat32_t left, svfloat32_t right) {
    svbool_t all = svptrue_b32();
    if (p->activation == SWL_RELU) {
        left = svsel_f32(svcmplt_n_f32(all, left, 0), svdup_n_f32(0), left);
        right = svsel_f32(svcmplt_n_f32(all, right, 0), svdup_n_f32(0), right);
    } else if (p->activation != SWL_LINEAR) {
        floats values[panel_vectors];
        svst1_f32(all, (float *)values, left);
        svst1_f32(all, (float *)values + sve_floats, right);
        p->activation == SWL_GELU ? apply_gelu(values, panel_vectors) : apply_gelu_tanh(values, panel_vectors);
        left = load_half((float *)values);
        right = load_half((float *)values + sve_floats);
    }
    if (p->accumulate) {
        const float *c = p->c + row * p->c_stride + column;
        left = svadd_f32_x(all, left, load_half(c));
        right = svadd_f32_x(all, right, load_half(c + sve_floats));
    }
    if (p->scale) {
        const float *scale = p->scale + column, *shift = p->shift + column;
        left = svmla_f32_x(all, load_half(shift), left, load_half(scale));
        right = svmla_f32_x(all, load_half(shift + sve_floats), right, load_half(scale + sve_floats));
    }
    if (p->c) {
        float *c = p->c + row * p->c_stride + column;
        svst1_f32(all, c, left);
        svst1_f32(all, c + sve_floats, right);
    }
    if (p->narrow) {
        // The bfloat16 values are the low halves of the lanes.
        uint16_t *target = p->narrow + row * p->narrow_stride + column;
        svst1h_u32(all, target, svreinterpret_u32_bf16(svcvt_bf16_f32_x(all, left)));
        svst1h_u32(all, target + sve_floats, svreinterpret_u32_bf16(svcvt_bf16_f32_x(all, right)));
    }
}

#define SWL_EACH_PAIR(DO) DO(0) DO(1) DO(2) DO(3)

#define SWL_START_PAIR(i)                                                                                             \
    squared_sums s##i##0 = start_sums(p, task->column), s##i##1 = start_sums(p, task->column + 4);                    \
    squared_sums s##i##2 = start_sums(p, task->column + 8), s##i##3 = start_sums(p, task->column + 12);

/// With 8 rows, 16 of the 32 registers hold sums, 4 hold weights and 4 hold the second groups of pairs. A pair more
/// would not fit beside what Clang keeps in registers.
#define SWL_ADD_STEP                                                                                                  \
    svuint8_t w0 = load_columns(weight, 0), w1 = load_columns(weight, 1);                                             \
    svuint8_t w2 = load_columns(weight, 2), w3 = load_columns(weight, 3);                                             \
    SWL_EACH_PAIR(SWL_ADD_FIRST)                                                                                      \
    w0 = load_columns(weight, 4), w1 = load_columns(weight, 5);                                                       \
    w2 = load_columns(weight, 6), w3 = load_columns(weight, 7);                                                       \
    SWL_EACH_PAIR(SWL_ADD_SECOND)

#define SWL_ADD_FIRST(i)                                                                                              \
    svuint8_t second##i = svundef_u8();                                                                               \
    if (2 * i < rows) {                                                                                               \
        svuint8_t row = load_row(a.row[2 * i] + at), other = load_row(a.row[2 * i + 1] + at);                         \
        second##i = second_groups(row, other);                                                                        \
        SWL_ADD_PAIR(i, first_groups(row, other))                                                                     \
    }

#define SWL_ADD_SECOND(i)                                                                                             \
    if (2 * i < rows) {                                                                                               \
        SWL_ADD_PAIR(i, second##i)                                                                                    \
    }

#define SWL_ADD_PAIR(i, pair)                                                                                         \
    s##i##0 = add_square(s##i##0, pair, w0);                                                                          \
    s##i##1 = add_square(s##i##1, pair, w1);                                                                          \
    s##i##2 = add_square(s##i##2, pair, w2);                                                                          \
    s##i##3 = add_square(s##i##3, pair, w3);

#define SWL_FINISH_PAIR(i)                                                                                            \
    if (2 * i < rows) {                                                                                               \
        svuint64_t left = svreinterpret_u64(s##i##0), right = svreinterpret_u64(s##i##2);                             \
        svuint64_t next_left = svreinterpret_u64(s##i##1), next_right = svreinterpret_u64(s##i##3);                   \
        finish_sums(p, task->row + 2 * i, task->column, svuzp1_u64(left, next_left), svuzp1_u64(right, next_right));  \
        if (2 * i + 1 < rows) {                                                                                       \
            left = svuzp2_u64(left, next_left);                                                                       \
            right = svuzp2_u64(right, next_right);                                                                    \
            finish_sums(p, task->row + 2 * i + 1, task->column, left, right);                                         \
        }                                                                                                             \
    }

/// Defines `multiply_tile` for elements of that many bytes. Vectors whose length the compiler does not know can't be in
/// arrays. So each has a name: s32 are the sums of pair 3 and the third vector of columns.
#define SWL_DEFINE_SVE_TILE(element)                                                                                  \
    SWL_INLINE void multiply_tile(const swl_gemm *p, const tile_task *task, size_t rows) {                            \
        SWL_EACH_PAIR(SWL_START_PAIR)                                                                                 \
        tile_addresses a = addresses_of(p, element, task->row, rows);                                                 \
        uintptr_t next = task->next;                                                                                  \
        const char *weight = task->panel;                                                                             \
        size_t bytes = p->inner * (element), whole = bytes / step_bytes * step_bytes, block = 4 * block_steps, at = 0;\
        while (at < whole) {                                                                                          \
            next = fetch_next(next, task->lines);                                                                     \
            for (size_t end = swl_min(at + block, whole); at < end; at += step_bytes) {                               \
                SWL_ADD_STEP                                                                                          \
                weight += step_bytes * SWL_VECTOR;                                                                    \
            }                                                                                                         \
        }                                                                                                             \
        if (whole < bytes) {                                                                                          \
            padded_step rest;                                                                                         \
            pad_step(&rest, &a, whole, bytes - whole, weight);                                                        \
            weight = rest.weights;                                                                                    \
            at = 0;                                                                                                   \
            SWL_ADD_STEP                                                                                              \
        }                                                                                                             \
        SWL_EACH_PAIR(SWL_FINISH_PAIR)                                                                                \
    }

#endif
