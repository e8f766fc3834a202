/* Text embeddings of BERT, MobileBERT and DistilBERT models, from C and from all languages that call C.

   All functions may be called from any thread, and the same model from several at a time. None may be called from a
   signal handler. */
#ifndef SWIFTLET_H
#define SWIFTLET_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A loaded model with its threads. */
typedef struct swiftlet_model swiftlet_model;

/* Loads a model: a folder, or an id of a model in huggingface_hub's cache, in UTF-8.

   dtype is "float32", "bfloat16" or "int8"; NULL stands for "float32". threads is the number of threads that compute;
   0 stands for the CPUs that the process may use. Returns NULL on failure, and swiftlet_last_error says why. */
swiftlet_model *swiftlet_load(const char *model, const char *dtype, int threads);

/* The number of floats of a vector. */
size_t swiftlet_embedding_size(const swiftlet_model *model);

/* Writes the vectors of `count` texts in UTF-8, one after another: count * swiftlet_embedding_size(model) floats.

   Returns 0, or -1 on failure: then swiftlet_last_error says why, and `vectors` is as it was. */
int swiftlet_embed(const swiftlet_model *model, const char *const *texts, size_t count, float *vectors);

/* Ends the model's threads and frees its memory. No call with the model may be running or follow. NULL is allowed. */
void swiftlet_free(swiftlet_model *model);

/* Why the last call on this thread failed; "" if it did not. The text is valid until the thread's next call. */
const char *swiftlet_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
