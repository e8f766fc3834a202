"""Prints the vectors of texts, one a line: embed.py LIBRARY MODEL TEXT..."""
import ctypes, sys

library = ctypes.CDLL(sys.argv[1])
library.swiftlet_load.restype, library.swiftlet_last_error.restype = ctypes.c_void_p, ctypes.c_char_p
library.swiftlet_embedding_size.restype = ctypes.c_size_t
model = ctypes.c_void_p(library.swiftlet_load(sys.argv[2].encode(), None, 0))
model or sys.exit(library.swiftlet_last_error().decode())
texts = [text.encode() for text in sys.argv[3:]]
size = library.swiftlet_embedding_size(model)
vectors = (ctypes.c_float * (size * len(texts)))()
arguments = (ctypes.c_char_p * len(texts))(*texts), ctypes.c_size_t(len(texts)), vectors
library.swiftlet_embed(model, *arguments) and sys.exit(library.swiftlet_last_error().decode())
for start in range(0, len(vectors), size):
    print(*(format(value, ".9g") for value in vectors[start:start + size]))
library.swiftlet_free(model)
