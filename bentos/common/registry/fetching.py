"""Requests to one server that is not trusted to be quick, small or polite."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import httpx
from pydantic import SecretStr

from bentos.common.errors import DependencyUnavailable
from bentos.common.registry.address import authorization, base_of, is_loopback, shown
from models.errors import ModelUnavailable

REGISTRY = "registry"
SLOWEST = 100_000
"""Bytes a second below which a download is given up, counted over all of it."""
PATIENCE = 6
"""How many times longer a file may take to begin than another answer: the server may have to fetch it first."""
PLAIN = MappingProxyType({"Accept-Encoding": "identity", "User-Agent": "FaceSocial"})
"""What is compressed could grow without end on its way into memory."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, and the body where it was read into memory; ``size`` bytes of it."""

    status: int
    body: bytes
    size: int


class Fetching:
    """GETs from one address, each with a deadline: waits between bytes are limited, and so is their sum.

    A loop of its own runs each request, so that ``close`` can end it from another thread at any moment.

    Raises:
        ConfigurationError: The address is not http or https, or the token is none.
    """

    def __init__(self, address: str, token: SecretStr | None, timeout_s: float) -> None:
        self._base = base_of(address)
        self._headers = PLAIN | authorization(token)
        self._timeout_s = timeout_s
        self._trusted: ssl.SSLContext | None = None
        self._closed = False
        self._task: asyncio.Task[Any] | None = None
        self._state = threading.Lock()

    @property
    def shown(self) -> str:
        """The address for people to read."""
        return shown(self._base)

    def down(self, why: str) -> DependencyUnavailable:
        """The error that says so."""
        return DependencyUnavailable(
            f"The registry {self.shown} cannot be used: {why}.", {"dependency": REGISTRY}
        )

    def text(self, path: str, query: Mapping[str, str], most: int) -> Answer:
        """An answer of at most ``most`` bytes.

        Raises:
            DependencyUnavailable: No answer in time, a redirect, or a longer one.
        """
        return self._run(self._text(path, query, most))

    def file(self, path: str, query: Mapping[str, str], target: Path, most: int) -> Answer:
        """Write the body of an answer of status 200 to a file that is not there yet.

        Raises:
            DependencyUnavailable: No answer in time, a redirect, or one that breaks off.
            ModelUnavailable: More than ``most`` bytes; nothing beyond them is written.
        """
        return self._run(self._file(path, query, target, most))

    def close(self) -> None:
        """End what is under way; what is asked later fails at once."""
        with self._state:
            self._closed = True
            if self._task is not None:
                self._task.get_loop().call_soon_threadsafe(self._task.cancel)

    def _run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        try:
            return asyncio.run(self._known(work))
        except httpx.HTTPError as error:
            raise self.down(f"no answer ({type(error).__name__})") from None  # its text may name the address
        except TimeoutError:
            raise self.down("no answer in time") from None
        except asyncio.CancelledError:
            raise self.down("this service ends") from None
        except OSError as error:  # of the disk: httpx names those of the network itself
            raise DependencyUnavailable(
                f"What the registry sends cannot be written here: {error.strerror}.", {"dependency": "disk"}
            ) from error

    async def _known(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it as a task that ``close`` knows of."""
        with self._state:
            task = asyncio.ensure_future(work)
            self._task = task
            if self._closed:
                task.cancel()
        try:
            return await task
        finally:
            with self._state:
                self._task = None

    async def _text(self, path: str, query: Mapping[str, str], most: int) -> Answer:
        async with asyncio.timeout(2 * self._timeout_s), self._get(path, query) as answer:
            body = bytearray()
            async for part in answer.aiter_raw():
                body += part
                if len(body) > most:
                    raise self.down(f"its answer is longer than {most} bytes")
            return Answer(answer.status_code, bytes(body), len(body))

    async def _file(self, path: str, query: Mapping[str, str], target: Path, most: int) -> Answer:
        patience_s = PATIENCE * self._timeout_s
        async with asyncio.timeout(patience_s) as limit, self._get(path, query, PATIENCE) as answer:
            size = 0
            if answer.status_code == httpx.codes.OK:
                size = await _written(answer, target, most, limit)
            return Answer(answer.status_code, b"", size)

    @asynccontextmanager
    async def _get(
        self, path: str, query: Mapping[str, str], patience: float = 1
    ) -> AsyncIterator[httpx.Response]:
        """An answer whose body is not read yet; a redirect is none."""
        timeout = httpx.Timeout(self._timeout_s, read=patience * self._timeout_s)
        async with httpx.AsyncClient(
            trust_env=not is_loopback(self._base.host), verify=self._trust(), timeout=timeout
        ) as client:
            url = self._base.join(path)
            async with client.stream("GET", url, params=query, headers=self._headers) as answer:
                if answer.is_redirect:
                    raise self.down(f"it sends elsewhere ({answer.status_code}); give its final address")
                if answer.status_code in (401, 403):
                    raise self.down(f"it refuses the token ({answer.status_code})")
                yield answer

    def _trust(self) -> ssl.SSLContext:
        """Certificates that the system trusts; reading them takes longer than asking."""
        if self._trusted is None:
            self._trusted = ssl.create_default_context()
        return self._trusted


async def _written(answer: httpx.Response, target: Path, most: int, limit: asyncio.Timeout) -> int:
    """Write the body; each byte that comes puts the limit of time off a little."""
    announced = answer.headers.get("Content-Length", "0")
    if announced.isdigit() and int(announced) > most:
        raise _too_large(target, most)
    size, until = 0, limit.when() or 0.0
    with target.open("xb") as file:
        async for part in answer.aiter_raw():
            size += len(part)
            if size > most:
                raise _too_large(target, most)
            file.write(part)
            limit.reschedule(until + size / SLOWEST)
    return size


def _too_large(target: Path, most: int) -> ModelUnavailable:
    return ModelUnavailable(f"{target.name} is larger than {most} bytes: more than a model may take here.")
