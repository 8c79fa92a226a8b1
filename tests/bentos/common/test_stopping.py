"""Signals of a process that ends, beside the server that listens already."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from bentos.common.stopping import SIGNALS, Stopping


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """What the server hears."""
    heard: list[int] = []
    earlier = {number: signal.signal(number, lambda got, _: heard.append(got)) for number in SIGNALS}
    yield heard
    for number, handler in earlier.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_it_is_told_and_so_is_the_server(heard: list[int], number: signal.Signals) -> None:
    stopping = Stopping()
    stopping.watch()
    stopping.watch()
    assert not stopping()
    signal.raise_signal(number)
    assert stopping()
    assert heard == [number]


def test_before_it_watches_it_knows_nothing(heard: list[int]) -> None:
    stopping = Stopping()
    signal.raise_signal(signal.SIGTERM)
    assert not stopping()
    assert heard == [signal.SIGTERM]


def test_another_thread_changes_nothing(heard: list[int]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=Stopping().watch)
    thread.start()
    thread.join(10)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_to_which_nobody_listens_keeps_its_meaning() -> None:
    earlier = {number: signal.signal(number, signal.SIG_DFL) for number in SIGNALS}
    try:
        Stopping().watch()
        assert [signal.getsignal(number) for number in SIGNALS] == [signal.SIG_DFL, signal.SIG_DFL]
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
