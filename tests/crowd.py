"""Many clients of one service that ask without a pause."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

S = TypeVar("S")
STOP_LIMIT_S = 60


@dataclass
class Crowd(Generic[S]):
    """Asks in threads of its own, and keeps what each client got.

    Args:
        client: Makes a client; its call returns what it got, and raises where that failed.
        clients: How many there are.
    """

    client: Callable[[], AbstractContextManager[Callable[[], S]]]
    clients: int = 16
    got: list[list[S]] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Inside the block all clients ask; at its end each gets the answer that it waits for."""
        over = threading.Event()
        self.got = [[] for _ in range(self.clients)]
        threads = [threading.Thread(target=self._ask, args=(got, over)) for got in self.got]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join(STOP_LIMIT_S)
        assert not any(thread.is_alive() for thread in threads), "a client still waits for its answer"

    def _ask(self, got: list[S], over: threading.Event) -> None:
        try:
            with self.client() as ask:
                while not over.is_set():
                    got.append(ask())
        except BaseException as error:
            self.failures.append(error)
