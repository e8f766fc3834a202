/* Prints the vectors of texts, one a line.

       cc embed.c -I DIRECTORY -L DIRECTORY -lswiftlet -Wl,-rpath,DIRECTORY -o embed
       ./embed MODEL TEXT...

   scripts/build-library DIRECTORY puts the library and its header there. */
#include "swiftlet.h"

#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: embed MODEL TEXT...\n");
        return 2;
    }
    swiftlet_model *model = swiftlet_load(arguments[1], NULL, 0);
    if (!model) {
        fprintf(stderr, "%s\n", swiftlet_last_error());
        return 1;
    }
    size_t texts = (size_t)count - 2, size = swiftlet_embedding_size(model);
    float *vectors = malloc(texts * size * sizeof *vectors);
    int status = vectors ? swiftlet_embed(model, (const char *const *)arguments + 2, texts, vectors) : -1;
    if (status != 0) fprintf(stderr, "%s\n", vectors ? swiftlet_last_error() : "no memory");
    for (size_t text = 0; status == 0 && text < texts; text++) {
        for (size_t i = 0; i < size; i++) printf("%.9g%c", (double)vectors[text * size + i], i + 1 < size ? ' ' : '\n');
    }
    free(vectors);
    swiftlet_free(model);
    return status == 0 ? 0 : 1;
}
