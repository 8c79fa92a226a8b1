"""A challenger beside the answers, in a thread that must disturb nobody."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, MutableSequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from bentos.common.shadow.shadow import WAITING, Shadow
from bentos.common.shadow.watched import ShadowMetrics
from bentos.contracts import DetectResult, FaceSelection
from models.catalogue import CATALOGUE
from models.catalogue.card import Task
from models.errors import NoFace, Overloaded

TASK = Task.FACE_DETECTION
CARD = replace(CATALOGUE["yunet-n"], name="challenger", version="7")
EMPTY = DetectResult(width=1, height=1, faces=[])
LABELS = {"service": "the-service", "model_name": "challenger", "model_version": "7"}


@dataclass
class FakeModels:
    """A generation that answers by a function."""

    answer: Callable[[bytes], DetectResult]
    asked: MutableSequence[bytes] = field(default_factory=list)

    def made(self, make: Callable[[Any], Any]) -> Any:
        return make(self)


def _make(models: Any) -> Callable[..., DetectResult]:
    def answer(image: bytes, options: object, clock: object) -> DetectResult:
        models.asked.append(image)
        found: DetectResult = models.answer(image)
        return found

    return answer


class Tried:
    """A shadow and what it counted."""

    def __init__(self, share: float = 1.0, busy: Callable[[], bool] = lambda: False, seed: int = 1) -> None:
        self._counted = CollectorRegistry()
        self.shadow = Shadow(share, busy, ShadowMetrics("the-service", self._counted), seed)

    def challenge(self, answer: Callable[[bytes], DetectResult]) -> FakeModels:
        models = FakeModels(answer)
        self.shadow.challenge(TASK, models, [CARD])  # type: ignore[arg-type]
        return models

    def observe(self, image: bytes = b"picture") -> None:
        self.shadow.observe(_make, image, FaceSelection(), EMPTY, None)  # type: ignore[arg-type]

    def outcomes(self, outcome: str) -> float:
        labels = {"service": "the-service", "outcome": outcome}
        return self._counted.get_sample_value("ai_model_shadow_requests_total", labels) or 0.0

    def metric(self, name: str) -> float | None:
        return self._counted.get_sample_value(name, LABELS)

    def until(self, outcome: str, count: int) -> None:
        limit = time.monotonic() + 20
        while self.outcomes(outcome) < count:
            assert time.monotonic() < limit, f"{outcome}: {self.outcomes(outcome)}"
            time.sleep(0.01)


@contextmanager
def _tried(**options: Any) -> Iterator[Tried]:
    tried = Tried(**options)
    tried.shadow.start()
    try:
        yield tried
    finally:
        tried.shadow.close()


def _same(_: bytes) -> DetectResult:
    return EMPTY


def _raising(error: Exception) -> Callable[[bytes], DetectResult]:
    def answer(_: bytes) -> DetectResult:
        raise error

    return answer


def test_answers_are_compared() -> None:
    with _tried() as tried:
        models = tried.challenge(_same)
        for _ in range(3):
            tried.observe()
        tried.until("compared", 3)
    assert models.asked == [b"picture"] * 3
    assert tried.metric("ai_model_shadow_disagreement_count") == 3
    assert tried.metric("ai_model_shadow_disagreement_sum") == 0
    assert tried.metric("ai_model_shadow_flips_total") == 0


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(RuntimeError("broken"), "failed"), (Overloaded("full"), "dropped"), (NoFace("none"), "compared")],
)
def test_what_a_challenger_raises_stays_here(error: Exception, outcome: str) -> None:
    with _tried() as tried:
        tried.challenge(_raising(error))
        tried.observe()
        tried.until(outcome, 1)
        tried.challenge(_same)
        tried.observe()  # the thread goes on
        tried.until("compared", 2 if outcome == "compared" else 1)
    if outcome == "compared":  # it refused what the champion answers
        assert tried.metric("ai_model_shadow_disagreement_sum") == 1


def test_without_a_challenger_nothing_is_taken() -> None:
    with _tried() as tried:
        tried.observe()
        models = tried.challenge(_same)
        tried.shadow.withdraw(TASK)
        tried.observe()
        tried.challenge(_same)
        tried.observe(b"last")
        tried.until("compared", 1)
    assert models.asked == []
    assert sum(map(tried.outcomes, ("compared", "dropped", "failed", "skipped"))) == 1


def test_a_share_is_taken() -> None:
    tried = Tried(share=0.25)  # whose thread does not run: what it takes beyond its queue is dropped
    tried.challenge(_same)
    for _ in range(4000):
        tried.observe()
    assert 900 < tried.outcomes("dropped") + WAITING < 1100
    again = Tried(share=0.25)
    again.challenge(_same)
    for _ in range(4000):
        again.observe()
    assert again.outcomes("dropped") == tried.outcomes("dropped")  # the same seed, the same sample


def test_busy_callers_come_first() -> None:
    with _tried(busy=lambda: True) as tried:
        models = tried.challenge(_same)
        tried.observe()
        assert tried.outcomes("dropped") == 1
    assert models.asked == []


def test_little_waits_and_nobody_does() -> None:
    going, entered = threading.Event(), threading.Event()

    def slow(_: bytes) -> DetectResult:
        entered.set()
        going.wait(20)
        return EMPTY

    with _tried() as tried:
        tried.challenge(slow)
        tried.observe()
        assert entered.wait(20)
        for _ in range(10):
            tried.observe()  # returns although the thread is held
        assert tried.outcomes("dropped") == 10 - WAITING
        going.set()
        tried.until("compared", 1 + WAITING)


def test_nothing_of_a_picture_stays() -> None:
    gone = threading.Event()

    class Picture(bytes):
        def __del__(self) -> None:
            gone.set()

    with _tried() as tried:
        tried.shadow.challenge(TASK, FakeModels(_same, deque(maxlen=0)), [CARD])  # type: ignore[arg-type]
        tried.observe(Picture(b"picture"))
        tried.until("compared", 1)
        assert gone.wait(20), "the picture is still held while the thread waits for the next one"


def test_closing_lets_go_of_what_waits() -> None:
    going, entered = threading.Event(), threading.Event()

    def slow(_: bytes) -> DetectResult:
        entered.set()
        going.wait(20)
        return EMPTY

    tried = Tried()
    models = tried.challenge(slow)
    tried.shadow.start()
    for number in range(3):
        tried.observe(str(number).encode())
    assert entered.wait(20)
    threading.Timer(0.2, going.set).start()
    tried.shadow.close()
    assert models.asked == [b"0"]
    tried.observe()
    assert tried.outcomes("dropped") == 0
    assert not [thread for thread in threading.enumerate() if thread.name == "shadow"]


def test_closed_before_it_began() -> None:
    tried = Tried()
    tried.shadow.close()
    tried.shadow.start()
    assert not [thread for thread in threading.enumerate() if thread.name == "shadow"]


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="no priorities here")
def test_it_yields_to_others() -> None:
    niceness: list[int] = []

    def look(_: bytes) -> DetectResult:
        niceness.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return EMPTY

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    with _tried() as tried:
        tried.challenge(look)
        tried.observe()
        tried.until("compared", 1)
    assert niceness[0] > before or before >= 10
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
