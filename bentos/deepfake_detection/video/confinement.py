"""What the process that decodes strangers' videos may take of the machine."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Callable

NICENESS = 10
STANDARD_INPUT = 0


def confine(memory_bytes: int, *, reserves_addresses: bool = False) -> None:
    """Limit this process for the rest of its life: memory, no core files, and a step behind in the queue for cores.

    Args:
        memory_bytes: Most address space; beyond it allocations fail.
        reserves_addresses: A GPU's driver reserves far more addresses than memory; then writable memory alone
            counts (RLIMIT_DATA).
    """
    kind = resource.RLIMIT_DATA if reserves_addresses else resource.RLIMIT_AS
    _, hard = resource.getrlimit(kind)
    limit = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(kind, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICENESS)


def end_with_parent(end: Callable[[], object]) -> None:
    """Call ``end`` when standard input ends, as it does when the process that holds its other side is gone.

    Args:
        end: Called in a thread of its own.
    """

    def watch() -> None:
        # Not through sys.stdin: its lock, held here, would abort the interpreter at its end.
        while os.read(STANDARD_INPUT, 1024):
            pass
        end()

    threading.Thread(target=watch, name="parent", daemon=True).start()
