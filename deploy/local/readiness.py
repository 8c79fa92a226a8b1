"""Whether programs are ready, asked again and again with a limit, progress shown."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.stack import Program

if TYPE_CHECKING:
    import httpx

LIMIT_S = 180.0
POLL_S = 0.3


def client_for(certificate: Path | None = None) -> httpx.Client:
    """Asks programs of this machine; over HTTPS only the one with this very certificate.

    Raises:
        OSError: The certificate cannot be read.
    """
    import httpx  # not before: each program's supervisor is a fork of this process, and as large

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The certificate itself is compared, so its names do not matter: one that settings name is not for 127.0.0.1.
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if certificate is not None:
        context.load_verify_locations(certificate)
    return httpx.Client(timeout=5, trust_env=False, verify=context)


def is_ready(program: Program, client: httpx.Client) -> bool:
    """Whether a program says that it is ready."""
    if isinstance(program.ready, Path):
        return program.ready.exists()
    return answers(f"{program.url}{program.ready}", client)


def answers(address: str, client: httpx.Client) -> bool:
    """Whether an address answers 200."""
    import httpx

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
    certificate = next((one.certificate for one in waiting if one.certificate), None)
    with client_for(certificate) as client, Progress(*columns, console=console) as progress:
        bar = progress.add_task("starting", total=len(waiting))
        while waiting and time.monotonic() < deadline and not over.is_set():
            for program in [one for one in waiting if is_ready(one, client)]:
                waiting.remove(program)
                where = f" at {program.url}" if program.url else ""
                console.print(f"{program.name} is ready{where}", highlight=False)
                progress.update(bar, advance=1, description=_left(waiting))
            over.wait(POLL_S)
    return waiting


def _left(waiting: Sequence[Program]) -> str:
    return f"waiting for {', '.join(one.name for one in waiting)}" if waiting else "ready"
