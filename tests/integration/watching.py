"""What NGINX holds of bodies while they pass, in memory and on the disk."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import psutil
from gateway_process import GatewayProcess

WATCH_EVERY_S = 0.02


@dataclass
class Watched:
    """The largest memory of NGINX and the most that lay in its folder of temporary files while it was watched."""

    gateway: GatewayProcess
    memory: int = 0
    files: int = 0
    looks: int = 0
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._processes = self.gateway.processes()
        self._look()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._end.wait(WATCH_EVERY_S):
            self._look()

    def _look(self) -> None:
        self.looks += 1
        self.memory = max(self.memory, memory_of(self._processes))
        self.files = max(self.files, self.gateway.temporary_files)


def memory_of(processes: list[psutil.Process]) -> int:
    return sum(process.memory_info().rss for process in processes)
