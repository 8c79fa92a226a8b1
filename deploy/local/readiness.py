"""Whether programs are ready, asked again and again with a limit, progress shown."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.stack import Program

LIMIT_S = 180.0
POLL_S = 0.3


def is_ready(program: Program, client: httpx.Client) -> bool:
    """Whether a program answers that it is ready."""
    return answers(program.url + program.ready, client)


def answers(address: str, client: httpx.Client) -> bool:
    """Whether an address answers 200."""
    try:
        return client.get(address).status_code == 200
    except httpx.HTTPError:
        return False


def wait_until_ready(
    programs: Sequence[Program], console: Console, over: threading.Event, limit_s: float = LIMIT_S
) -> list[Program]:
    """Wait for all programs, or until ``over`` is set.

    Returns:
        The programs that were not ready within the limit; none is success.
    """
    waiting, deadline = list(programs), time.monotonic() + limit_s
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with httpx.Client(timeout=5, trust_env=False) as client, Progress(*columns, console=console) as progress:
        bar = progress.add_task("starting", total=len(waiting))
        while waiting and time.monotonic() < deadline and not over.is_set():
            for program in [one for one in waiting if is_ready(one, client)]:
                waiting.remove(program)
                console.print(f"{program.name} is ready at {program.url}", highlight=False)
                progress.update(bar, advance=1, description=_left(waiting))
            over.wait(POLL_S)
    return waiting


def _left(waiting: Sequence[Program]) -> str:
    return f"waiting for {', '.join(one.name for one in waiting)}" if waiting else "ready"
