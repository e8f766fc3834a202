#ifndef SWIFTLET_CONIGURUMA_H
#define SWIFTLET_CONIGURUMA_H

// Regular expressions of Oniguruma, the library that Hugging Face's tokenizers uses. It is loaded when the first
// expression is compiled: a tokenizer without expressions does not need it, and pays nothing for it.

#include <stddef.h>
#include <stdint.h>

/// The library's soname. Debian's package libonig5 has it.
extern const char *const coniguruma_file_name;

/// The most bytes of a message.
#define CONIGURUMA_MESSAGE_BYTES 512

/// Compiles a pattern in UTF-8, in Oniguruma's own syntax without options, as tokenizers does it. It may be called by
/// several threads at a time.
///
/// Returns NULL if the library cannot be loaded or if the pattern is wrong; `message` then says why, and
/// `is_pattern_wrong` tells the two apart.
void *coniguruma_compile(
    const uint8_t *pattern, size_t count, char message[CONIGURUMA_MESSAGE_BYTES], int *is_pattern_wrong);

/// Searches the first match that begins at `start` or later in a text of `count` bytes of UTF-8. Any number of threads
/// may search with one expression at a time.
///
/// Returns 1 and the range of the match, 0 if there is none, or -1 if the search takes too long and was given up.
int coniguruma_search(
    void *expression, const uint8_t *text, size_t count, size_t start, size_t *match_start, size_t *match_end);

/// Frees an expression.
void coniguruma_free(void *expression);

#endif
