#include "COniguruma.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>

// The declarations of oniguruma.h (6.9) that are used here. The soname libonig.so.5 promises them, so no header is
// needed to build.
struct region {
    int allocated;
    int num_regs;
    int *beg;
    int *end;
    void *history_root;
};
struct error_info {
    void *encoding;
    unsigned char *par;
    unsigned char *par_end;
};

enum { ONIG_MISMATCH = -1, ONIG_OPTION_NONE = 0, ONIG_MAX_ERROR_MESSAGE_LEN = 90 };

// How often a search may try again: so often, and so often more for each byte. A usual search tries once at each place.
// The library's own limit is for each place where a match may begin, not for all of them together.
static const unsigned long retries_in_search = 1000000, retries_for_byte = 64;

static struct {
    int (*initialize)(void *encodings[], int count);
    int (*new)(void **, const uint8_t *, const uint8_t *, unsigned, void *encoding, void *syntax, struct error_info *);
    int (*search)(
        void *, const uint8_t *, const uint8_t *, const uint8_t *, const uint8_t *, struct region *, unsigned, void *);
    void *(*new_parameters)(void);
    void (*free_parameters)(void *);
    int (*initialize_parameters)(void *);
    int (*set_retries)(void *parameters, unsigned long);
    void (*free)(void *);
    void (*region_free)(struct region *, int frees_itself);
    int (*error_text)(uint8_t *, int, ...);
    void *utf8;
    void **default_syntax;
} onig;

const char *const coniguruma_file_name = "libonig.so.5";

static char load_error[CONIGURUMA_MESSAGE_BYTES];
static pthread_once_t once = PTHREAD_ONCE_INIT;
// Guards onig_new, which changes tables that all expressions share.
static pthread_mutex_t compiling = PTHREAD_MUTEX_INITIALIZER;

static void load(void) {
    void *handle = dlopen(coniguruma_file_name, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(load_error, sizeof load_error, "%s", dlerror());
        return;
    }
    const struct {
        void **place;
        const char *name;
    } symbols[] = {
        {(void **)&onig.initialize, "onig_initialize"},
        {(void **)&onig.new, "onig_new"},
        {(void **)&onig.search, "onig_search_with_param"},
        {(void **)&onig.new_parameters, "onig_new_match_param"},
        {(void **)&onig.free_parameters, "onig_free_match_param"},
        {(void **)&onig.initialize_parameters, "onig_initialize_match_param"},
        {(void **)&onig.free, "onig_free"},
        {(void **)&onig.region_free, "onig_region_free"},
        {(void **)&onig.error_text, "onig_error_code_to_str"},
        {(void **)&onig.set_retries, "onig_set_retry_limit_in_search_of_match_param"},
        {&onig.utf8, "OnigEncodingUTF8"},
        {(void **)&onig.default_syntax, "OnigDefaultSyntax"},
    };
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        *symbols[i].place = dlsym(handle, symbols[i].name);
        if (!*symbols[i].place) {
            snprintf(load_error, sizeof load_error, "%s has no %s", coniguruma_file_name, symbols[i].name);
            return;
        }
    }
    void *encodings[] = {onig.utf8};
    if (onig.initialize(encodings, 1) != 0) {
        snprintf(load_error, sizeof load_error, "%s can't be initialized", coniguruma_file_name);
    }
}

void *coniguruma_compile(
    const uint8_t *pattern, size_t count, char message[CONIGURUMA_MESSAGE_BYTES], int *is_pattern_wrong) {
    pthread_once(&once, load);
    *is_pattern_wrong = 0;
    if (load_error[0]) {
        snprintf(message, CONIGURUMA_MESSAGE_BYTES, "%s", load_error);
        return NULL;
    }
    void *expression = NULL;
    struct error_info info = {0};
    pthread_mutex_lock(&compiling);
    int result = onig.new(
        &expression, pattern, pattern + count, ONIG_OPTION_NONE, onig.utf8, *onig.default_syntax, &info);
    if (result != 0) {
        uint8_t text[ONIG_MAX_ERROR_MESSAGE_LEN] = {0};
        int length = onig.error_text(text, result, &info);
        if (length < 0 || length > (int)sizeof text) length = 0;
        snprintf(message, CONIGURUMA_MESSAGE_BYTES, "%.*s", length, (const char *)text);
        *is_pattern_wrong = 1;
        expression = NULL;
    }
    pthread_mutex_unlock(&compiling);
    return expression;
}

int coniguruma_search(
    void *expression, const uint8_t *text, size_t count, size_t start, size_t *match_start, size_t *match_end) {
    if (count > INT_MAX) return -1;
    void *parameters = onig.new_parameters();
    if (!parameters) return -1;
    onig.initialize_parameters(parameters);
    onig.set_retries(parameters, retries_in_search + retries_for_byte * (count - start));
    struct region region = {0};
    const uint8_t *end = text + count;
    int result = onig.search(expression, text, end, text + start, end, &region, ONIG_OPTION_NONE, parameters);
    onig.free_parameters(parameters);
    if (result >= 0 && region.num_regs > 0) {
        *match_start = (size_t)region.beg[0];
        *match_end = (size_t)region.end[0];
    }
    onig.region_free(&region, 0);
    return result >= 0 ? 1 : result == ONIG_MISMATCH ? 0 : -1;
}

void coniguruma_free(void *expression) { onig.free(expression); }
