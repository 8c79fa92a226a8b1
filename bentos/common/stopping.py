"""Knows that the process was told to end, while answers that have no end of their own are still being sent."""

from __future__ import annotations

import signal
import threading
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """The server tells an application that it ends only after the last answer, so such an answer has to look here."""

    def __init__(self) -> None:
        self._told = False
        self._watching = False

    def watch(self) -> None:
        """Listen from here on beside whoever listens already, the server; called again it does nothing.

        Only the main thread, in which services run, may do that; elsewhere nothing happens.
        """
        if self._watching or threading.current_thread() is not threading.main_thread():
            return
        self._watching = True
        for number in SIGNALS:
            self._listen(number)

    def __call__(self) -> bool:
        """Whether the process was told to end."""
        return self._told

    def _listen(self, number: signal.Signals) -> None:
        earlier = signal.getsignal(number)

        def listener(received: int, frame: FrameType | None) -> None:
            self._told = True
            if callable(earlier):
                earlier(received, frame)

        if callable(earlier):  # else the signal does what it always does, such as to end the process at once
            signal.signal(number, listener)
