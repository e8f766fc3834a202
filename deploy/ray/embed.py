#!/usr/bin/env python3
"""Embeds a column of texts of Parquet files with Ray Data and Swiftlet, into Parquet files.

    python deploy/ray/embed.py texts/ vectors/ --text-column review
    python deploy/ray/embed.py s3://bucket/texts s3://bucket/vectors --vectors float16 -- \\
        --model google/mobilebert-uncased --dtype int8

Options behind -- are those of `swiftlet serve`, with absolute paths, because they apply on each node. The program must be
installed on every node. The first worker of a node starts one service for all of them, over a unix socket, and it ends
with the last worker (deploy/bulk/swiftlet_node.py).

The output has the rows of the input in their order, once each, with all columns but the text (--keep-text keeps it) and
with `embedding`, a list of float32 or float16. Ray repeats what a worker that was killed had not finished.

Needs ray[data] and pyarrow, as of Tests/Cluster/requirements.txt. RAY_ADDRESS names the cluster; without it, Ray starts
on this machine. docs/scaling.md has more.
"""

import argparse
import os
import sys

MODULE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bulk", "swiftlet_node.py")
# Rows of a block, which is computed again when its worker is killed, and becomes a file.
ROWS_PER_BLOCK = 16384
# Rows that a worker gets at once.
ROWS_PER_BATCH = 4096


class Embedder:
    """A worker of Ray."""

    def __init__(self, program, options, text_column, keep_text, column, vectors):
        from swiftlet_node import Node, Service

        self.node = Node(Service(program, options))
        self.text_column, self.keep_text, self.column, self.vectors = text_column, keep_text, column, vectors

    def __call__(self, table):
        embedding = self.node.column(table.column(self.text_column).to_pylist(), self.vectors)
        if not self.keep_text:
            table = table.drop_columns([self.text_column])
        return table.append_column(self.column, embedding)


def main():
    own, options = sys.argv[1:], []
    if "--" in own:
        place = own.index("--")
        own, options = own[:place], own[place + 1:]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], usage="%(prog)s INPUT OUTPUT [options] [-- SERVE-OPTIONS]")
    parser.add_argument("input", help="Parquet file or folder, also of object stores that pyarrow knows")
    parser.add_argument("output", help="folder for Parquet files, which must not exist yet")
    parser.add_argument("--text-column", default="text", help="column of the texts (default: text)")
    parser.add_argument("--keep-text", action="store_true", help="write the texts, too")
    parser.add_argument("--column", default="embedding", help="column for the vectors (default: embedding)")
    parser.add_argument("--vectors", choices=["float32", "float16"], default="float32", help="type of their components")
    parser.add_argument("--workers", type=int, help="workers of the cluster (default: two for each node)")
    parser.add_argument("--program", default="swiftlet", help="the program, as nodes find it (default: swiftlet)")
    arguments = parser.parse_args(own)
    if os.sep in arguments.program:
        arguments.program = os.path.abspath(arguments.program)

    import ray

    ray.init(runtime_env={"py_modules": [os.path.normpath(MODULE)]}, log_to_driver=False)
    ray.data.DataContext.get_current().execution_options.preserve_order = True
    workers = arguments.workers or 2 * sum(node["Alive"] for node in ray.nodes())
    texts = ray.data.read_parquet(arguments.input).repartition(target_num_rows_per_block=ROWS_PER_BLOCK)
    embedded = texts.map_batches(
        Embedder,
        fn_constructor_kwargs={
            "program": arguments.program, "options": options, "text_column": arguments.text_column,
            "keep_text": arguments.keep_text, "column": arguments.column, "vectors": arguments.vectors,
        },
        batch_size=ROWS_PER_BATCH,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=workers),
        # A worker mostly waits for its service.
        num_cpus=0.25,
    )
    embedded.write_parquet(arguments.output, mode=ray.data.SaveMode.ERROR)


if __name__ == "__main__":
    main()
