#!/usr/bin/env python3
"""Writes Tests/Fixtures/tensorboard: events of a run as the `tensorboard` package writes them, and its version.

With the path of a folder, reads its event files as TensorBoard does and prints tag, step and value of each scalar:

    scripts/make_event_fixture.py [FOLDER]

Needs tensorboard (pip install tensorboard; TensorFlow is not needed)."""

import io
import json
import pathlib
import sys

import tensorboard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

FOLDER = pathlib.Path(__file__).parent.parent / "Tests/Fixtures/tensorboard"
TIME = 1764547200.25
SCALARS = [("train/loss", 1, 0.7031), ("train/learning_rate", 300, 5e-05), ("eval/accuracy", 70_000, 1.0),
           ("train/grad_norm", 70_001, -0.0)]


def events():
    yield Event(wall_time=TIME, file_version="brain.Event:2")
    yield Event(wall_time=TIME, step=301, session_log=SessionLog(status=SessionLog.START))
    for tag, step, value in SCALARS:
        # A oneof writes a value of zero too.
        yield Event(wall_time=TIME, step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)]))


def write():
    stream = io.BytesIO()
    writer = RecordWriter(stream)
    for event in events():
        writer.write(event.SerializeToString())
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "events.bin").write_bytes(stream.getvalue())
    facts = {"tensorboard": tensorboard.__version__, "time": TIME, "session_start": 301,
             "scalars": [{"tag": tag, "step": step, "value": value} for tag, step, value in SCALARS]}
    (FOLDER / "events.json").write_text(json.dumps(facts, indent=1) + "\n")


def read(folder):
    # Without limits on the number of values that are kept.
    accumulator = EventAccumulator(folder, size_guidance={"scalars": 0}, purge_orphaned_data=True)
    accumulator.Reload()
    for tag in sorted(accumulator.Tags()["scalars"]):
        for event in accumulator.Scalars(tag):
            print(json.dumps({"tag": tag, "step": event.step, "value": event.value}))


if __name__ == "__main__":
    read(sys.argv[1]) if len(sys.argv) > 1 else write()
