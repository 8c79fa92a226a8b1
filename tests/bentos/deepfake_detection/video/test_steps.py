from __future__ import annotations

import re
from collections.abc import Iterator
from time import sleep

from bentos.deepfake_detection.video.steps import Steps


def slow() -> Iterator[int]:
    for number in range(3):
        sleep(0.01)
        yield number


def test_seconds_add_up_by_step() -> None:
    steps = Steps()
    for _ in steps.each("decode", slow()):
        with steps.step("judge"):
            sleep(0.02)
    found = {name: float(seconds) for name, seconds in re.findall(r"(\w+) ([\d.]+) s", steps.line())}
    assert list(found) == ["decode", "judge"]
    assert found["decode"] >= 0.03
    assert found["judge"] >= 0.06
