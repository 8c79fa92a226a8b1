"""An index in a process of its own that is killed: ``child.py FOLDER PEOPLE.npz WHAT``.

WHAT is ``write``: put all in, take the first third out, say so and wait; ``idle``: open, say so and wait;
or ``purge:STEP``: do the same as ``write``, then die in a step of the purge.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from pymilvus import MilvusClient

from bentos.common.settings import VectorSettings
from bentos.face_recognition.vectors import MilvusIndex, Vector


def main(folder: str, file: str, what: str) -> None:
    settings = VectorSettings(uri=folder, token=None, timeout_s=10, m=16, ef_construction=200, ef=512)
    with np.load(file) as data:
        named = [[str(one) for one in data[name]] for name in ("ids", "tenants", "galleries")]
        crowd = [Vector(*parts) for parts in zip(*named, data["values"], strict=True)]
    index = MilvusIndex(settings, "ab" * 32, crowd[0].values.shape[0])
    index.open()
    if what != "idle":
        index.upsert(crowd)
        index.delete(crowd[0].tenant, [one.id for one in crowd[: len(crowd) // 3]])
    print("acknowledged", flush=True)
    if what.startswith("purge:"):
        die_at(what.removeprefix("purge:"))
        index.purge()
        raise SystemExit("the purge went past the step")
    signal.pause()


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def die_at(step: str) -> None:
    """Let the process be killed before or after a call of Milvus' client, or while files are removed."""
    if step == "removing":
        shutil.rmtree = remove_half  # type: ignore[assignment]
        return
    when, name = step.split("-")
    original: Callable[..., Any] = getattr(MilvusClient, name)

    def killed(*arguments: Any, **named: Any) -> NoReturn:
        if when == "after":
            original(*arguments, **named)
        die()

    setattr(MilvusClient, name, killed)


def remove_half(path: str, **_: object) -> NoReturn:
    files = sorted(one for one in Path(path).rglob("*") if one.is_file())
    for one in [*files[::2], Path(path) / "schema.json"]:
        one.unlink(missing_ok=True)
    die()


if __name__ == "__main__":
    main(*sys.argv[1:])
