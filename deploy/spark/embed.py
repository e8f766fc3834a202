#!/usr/bin/env python3
"""Embeds a column of texts of Parquet files with Spark and Swiftlet, into Parquet files.

    spark-submit deploy/spark/embed.py texts/ vectors/ --text-column review
    spark-submit --master yarn deploy/spark/embed.py hdfs:///texts hdfs:///vectors --vectors float16 -- \\
        --model google/mobilebert-uncased --dtype int8

Options behind -- are those of `swiftlet serve`, with absolute paths, because they apply on each node. The program must be
installed on every node. The first worker of a node starts one service for all of them, over a unix socket, and it ends
with the last worker (deploy/bulk/swiftlet_node.py).

The output has the rows of the input in their order (files by name), once each, with all columns but the text (--keep-text
keeps it) and with `embedding`: with --vectors float32 an array of floats; with float16, for which Spark has no type, a
binary of two bytes for each component (numpy.frombuffer(value, "<f2")). Spark repeats what a worker that was killed had
not finished.

Needs pyspark, pandas and pyarrow, as of Tests/Cluster/requirements.txt. docs/scaling.md has more.
"""

import argparse
import os
import sys

MODULE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bulk", "swiftlet_node.py")
# Rows of a task, which is computed again when its worker is killed.
ROWS_PER_TASK = 16384
# Rows that a worker gets at once.
ROWS_PER_BATCH = 4096
# Where a row comes from. No column of the input may have these names.
FILE, ROW = "swiftlet_file", "swiftlet_row"

# The node's service, once for each Python worker, which Spark uses for several tasks.
nodes = {}


def embedder(program, options, text_column, column, vectors):
    """The function that workers call with batches of rows."""

    def embed(batches):
        import swiftlet_node

        key = (program, *options)
        if key not in nodes:
            nodes[key] = swiftlet_node.Node(swiftlet_node.Service(program, options))
        for batch in batches:
            texts = [text if isinstance(text, str) else None for text in batch[text_column]]
            places = [place for place, text in enumerate(texts) if text is not None]
            rows = nodes[key].embed([texts[place] for place in places], vectors)
            values = [None] * len(texts)
            for place, row in zip(places, rows):
                values[place] = row if vectors == "float32" else row.tobytes()
            batch[column] = values
            yield batch

    return embed


def main():
    own, options = sys.argv[1:], []
    if "--" in own:
        place = own.index("--")
        own, options = own[:place], own[place + 1:]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], usage="%(prog)s INPUT OUTPUT [options] [-- SERVE-OPTIONS]")
    parser.add_argument("input", help="Parquet file or folder, of any file system that Spark knows")
    parser.add_argument("output", help="folder for Parquet files, which must not exist yet")
    parser.add_argument("--text-column", default="text", help="column of the texts (default: text)")
    parser.add_argument("--keep-text", action="store_true", help="write the texts, too")
    parser.add_argument("--column", default="embedding", help="column for the vectors (default: embedding)")
    parser.add_argument("--vectors", choices=["float32", "float16"], default="float32", help="type of their components")
    parser.add_argument("--program", default="swiftlet", help="the program, as nodes find it (default: swiftlet)")
    arguments = parser.parse_args(own)
    if os.sep in arguments.program:
        arguments.program = os.path.abspath(arguments.program)

    from pyspark.sql import SparkSession, functions, types

    session = SparkSession.builder.appName("swiftlet embed").getOrCreate()
    session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", ROWS_PER_BATCH)
    # Tasks stay as large as they are made below.
    session.conf.set("spark.sql.adaptive.enabled", False)
    session.sparkContext.addPyFile(os.path.normpath(MODULE))

    texts = session.read.parquet(arguments.input)
    names = texts.columns
    texts = texts.select(
        "*", functions.col("_metadata.file_path").alias(FILE), functions.col("_metadata.row_index").alias(ROW))
    # Spark reads large files first. Tasks that follow one another in the input's order write it in this order, and their
    # number follows from the rows, not from the sizes of files.
    tasks = max(1, -(-texts.count() // ROWS_PER_TASK))
    texts = texts.repartitionByRange(tasks, FILE, ROW).sortWithinPartitions(FILE, ROW).drop(FILE, ROW)

    component = types.ArrayType(types.FloatType()) if arguments.vectors == "float32" else types.BinaryType()
    schema = types.StructType([*texts.schema.fields, types.StructField(arguments.column, component)])
    embed = embedder(arguments.program, options, arguments.text_column, arguments.column, arguments.vectors)
    embedded = texts.mapInPandas(embed, schema)
    if not arguments.keep_text:
        embedded = embedded.select(*[name for name in names if name != arguments.text_column], arguments.column)
    embedded.write.mode("error").parquet(arguments.output)
    session.stop()


if __name__ == "__main__":
    main()
