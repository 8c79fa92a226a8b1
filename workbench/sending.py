"""Sends calls and reads answers: the part of the SDK that touches the network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

import httpx

from workbench.calls import Call
from workbench.endpoints import Endpoints
from workbench.lines import Lines
from workbench.retry import RetryPolicy
from workbench.wire import Outcome, bearer, build_request, cut_off, read_answer, require_success

T = TypeVar("T")

TIMEOUT_S = 60.0


class _Wording:
    """What both senders are given, and how they word a request."""

    def __init__(
        self, endpoints: Endpoints, token: str | None, timeout_s: float, retry: RetryPolicy | None
    ) -> None:
        self._endpoints = endpoints
        self._headers = bearer(token)
        self._timeout_s = timeout_s
        self._retry = retry or RetryPolicy()
        self._open(trust_env=not endpoints.is_loopback)

    def _open(self, trust_env: bool) -> None:
        raise NotImplementedError

    def _request(self, call: Call[T]) -> httpx.Request:
        return build_request(call, self._endpoints, self._headers, self._timeout_s)

    def _wait_after(self, call: Call[T], outcome: Outcome, attempt: int) -> float | None:
        return self._retry.wait_after(outcome, attempt) if call.repeatable else None


class Sender(_Wording):
    """Sends and waits. Threads may share it."""

    def _open(self, trust_env: bool) -> None:
        self._http = httpx.Client(trust_env=trust_env)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, call: Call[T]) -> T:
        """The answer of a call."""
        request = self._request(call)
        return read_answer(call, request, self._outcome(call, request))

    def lines(self, call: Call[bytes], ends: Callable[[bytes], bool]) -> Iterator[bytes]:
        """Lines of an answer as they arrive; nothing is asked before the first one is wanted."""
        request, lines = self._request(call), Lines()
        response = require_success(call, request, self._outcome(call, request, stream=True))
        try:
            for piece in response.iter_bytes():
                yield from lines.of(piece)
        except httpx.RequestError as error:
            read_answer(call, request, error)
        finally:
            response.close()
        if not ends(lines.last):
            raise cut_off(response)

    def _outcome(self, call: Call[T], request: httpx.Request, *, stream: bool = False) -> Outcome:
        attempt = 1
        outcome = self._attempt(request, stream)
        while (wait := self._wait_after(call, outcome, attempt)) is not None:
            time.sleep(wait)
            outcome, attempt = self._attempt(request, stream), attempt + 1
        return outcome

    def _attempt(self, request: httpx.Request, stream: bool) -> Outcome:
        try:
            response = self._http.send(request, stream=stream)
            if not response.is_success:
                response.read()
            return response
        except httpx.RequestError as error:
            return error


class AsyncSender(_Wording):
    """The same for asyncio."""

    def _open(self, trust_env: bool) -> None:
        self._http = httpx.AsyncClient(trust_env=trust_env)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """The answer of a call."""
        request = self._request(call)
        return read_answer(call, request, await self._outcome(call, request))

    async def lines(self, call: Call[bytes], ends: Callable[[bytes], bool]) -> AsyncIterator[bytes]:
        """Lines of an answer as they arrive; nothing is asked before the first one is wanted."""
        request, lines = self._request(call), Lines()
        response = require_success(call, request, await self._outcome(call, request, stream=True))
        try:
            async for piece in response.aiter_bytes():
                for line in lines.of(piece):
                    yield line
        except httpx.RequestError as error:
            read_answer(call, request, error)
        finally:
            await response.aclose()
        if not ends(lines.last):
            raise cut_off(response)

    async def _outcome(self, call: Call[T], request: httpx.Request, *, stream: bool = False) -> Outcome:
        attempt = 1
        outcome = await self._attempt(request, stream)
        while (wait := self._wait_after(call, outcome, attempt)) is not None:
            await asyncio.sleep(wait)
            outcome, attempt = await self._attempt(request, stream), attempt + 1
        return outcome

    async def _attempt(self, request: httpx.Request, stream: bool) -> Outcome:
        try:
            response = await self._http.send(request, stream=stream)
            if not response.is_success:
                await response.aread()
            return response
        except httpx.RequestError as error:
            return error
