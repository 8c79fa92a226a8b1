"""Limits are for the life of a process, so each test has one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from bentos.deepfake_detection.video.confinement import NICENESS

START = "from bentos.deepfake_detection.video.confinement import confine, end_with_parent\n"
LIMIT_S = 60


def child(lines: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START + "\n".join(lines)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(*lines: str) -> str:
    with child(lines) as process:
        output, _ = process.communicate(timeout=LIMIT_S)
    return output.strip()


@pytest.mark.parametrize("reserves", [False, True])
def test_memory_ends_where_the_limit_is(reserves: bool) -> None:
    limit = f"confine(500_000_000, reserves_addresses={reserves})"
    assert said(limit, "some = bytearray(50_000_000)", "print(len(some))") == "50000000"
    refused = "try: bytearray(600_000_000)\nexcept MemoryError: print('refused')"
    assert said(limit, refused) == "refused"


def test_addresses_without_memory_count_only_where_nothing_reserves_them() -> None:
    reserve = (
        "import mmap\ntry: mmap.mmap(-1, 2**33, prot=0); print('there')\nexcept OSError: print('refused')"
    )
    assert said("confine(500_000_000)", reserve) == "refused"
    assert said("confine(500_000_000, reserves_addresses=True)", reserve) == "there"


def test_a_limit_that_is_lower_already_stays() -> None:
    lower = "import resource; resource.setrlimit(resource.RLIMIT_AS, (300_000_000, 300_000_000))"
    assert (
        said(lower, "confine(500_000_000); print(resource.getrlimit(resource.RLIMIT_AS)[0])") == "300000000"
    )


def test_it_leaves_no_core_and_stands_back() -> None:
    lines = (
        "import os, resource",
        "confine(10**9)",
        "print(resource.getrlimit(resource.RLIMIT_CORE), os.nice(0))",
    )
    assert said(*lines) == f"(0, 0) {min(19, os.nice(0) + NICENESS)}"


def test_it_ends_when_its_parent_does() -> None:
    lines = (
        "import os, time",
        "end_with_parent(lambda: os._exit(7))",
        "print('up', flush=True)",
        "time.sleep(600)",
    )
    with child(lines) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.stdin.write("what is written changes nothing\n")
        process.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.stdin.close()
        assert process.wait(LIMIT_S) == 7


def test_a_process_that_ends_first_ends_well() -> None:
    with child(["end_with_parent(print)", "print('done', flush=True)"]) as process:
        assert process.wait(LIMIT_S) == 0
