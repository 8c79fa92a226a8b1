"""Operations of the clients, each declared once for both: a synchronous client answers, the other can be awaited.

An operation is made of a function of ``workbench.calls``. On a client it has that function's arguments and
documentation, and its result is the answer in place of the call; on the class it is the function itself.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, overload

from bentos.contracts import Success
from workbench.calls import Call
from workbench.sending import AsyncSender, Sender

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")


class Page(Protocol):
    """A part of a listing."""

    @property
    def next_cursor(self) -> str | None: ...


PageT = TypeVar("PageT", bound=Page)


class Group:
    """Operations of a synchronous client."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender


class AsyncGroup:
    """Operations of an asynchronous client."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender


class Operation(Generic[P, T]):
    """Sends one call and gives its answer."""

    def __init__(self, make: Callable[P, Call[T]]) -> None:
        self._make = make

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[P, Call[T]]: ...
    @overload
    def __get__(self, instance: Group, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: AsyncGroup, owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...

    def __get__(self, instance: Group | AsyncGroup | None, owner: type) -> Callable[P, Any]:
        if instance is None:
            return self._make
        if isinstance(instance, Group):
            return _described(self._make, _send, instance)
        return _described(self._make, _send_later, instance)


class Paged(Generic[P, PageT, Item]):
    """Goes through a listing, asking for a page when the one before is used up.

    Args:
        make: The call of one page; it starts the listing, at its ``cursor`` if one is given.
        items: What a page holds.
    """

    def __init__(
        self, make: Callable[P, Call[Success[PageT]]], items: Callable[[PageT], Sequence[Item]]
    ) -> None:
        self._make = make
        self._items = items

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[P, Call[Success[PageT]]]: ...
    @overload
    def __get__(self, instance: Group, owner: type) -> Callable[P, Iterator[Item]]: ...
    @overload
    def __get__(self, instance: AsyncGroup, owner: type) -> Callable[P, AsyncIterator[Item]]: ...

    def __get__(self, instance: Group | AsyncGroup | None, owner: type) -> Callable[P, Any]:
        if instance is None:
            return self._make
        if isinstance(instance, Group):
            return _described(self._make, self._all, instance)
        return _described(self._make, self._all_later, instance)

    def _all(self, group: Group, call: Call[Success[PageT]]) -> Iterator[Item]:
        following: Call[Success[PageT]] | None = call
        while following is not None:
            page = group._sender.send(following).data
            yield from self._items(page)
            following = _after(following, page)

    async def _all_later(self, group: AsyncGroup, call: Call[Success[PageT]]) -> AsyncIterator[Item]:
        following: Call[Success[PageT]] | None = call
        while following is not None:
            page = (await group._sender.send(following)).data
            for item in self._items(page):
                yield item
            following = _after(following, page)


class Streamed(Generic[P]):
    """Gives the lines of an answer as they arrive, each with its line break.

    Args:
        make: The call.
        ends: Whether a line is the last one of a whole answer: what was cut off raises UnexpectedAnswer.
    """

    def __init__(self, make: Callable[P, Call[bytes]], ends: Callable[[bytes], bool]) -> None:
        self._make = make
        self._ends = ends

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[P, Call[bytes]]: ...
    @overload
    def __get__(self, instance: Group, owner: type) -> Callable[P, Iterator[bytes]]: ...
    @overload
    def __get__(self, instance: AsyncGroup, owner: type) -> Callable[P, AsyncIterator[bytes]]: ...

    def __get__(self, instance: Group | AsyncGroup | None, owner: type) -> Callable[P, Any]:
        if instance is None:
            return self._make
        if isinstance(instance, Group):
            return _described(self._make, lambda group, call: group._sender.lines(call, self._ends), instance)
        return _described(self._make, lambda group, call: group._sender.lines(call, self._ends), instance)


G = TypeVar("G", bound=Group | AsyncGroup)


def _described(make: Callable[P, Call[T]], send: Callable[[G, Call[T]], Any], group: G) -> Callable[P, Any]:
    """A method with the arguments and the documentation of ``make``."""

    @wraps(make)
    def method(*args: P.args, **kwargs: P.kwargs) -> Any:
        return send(group, make(*args, **kwargs))

    shown = inspect.signature(make).replace(return_annotation=inspect.Signature.empty)
    method.__signature__ = shown  # type: ignore[attr-defined]
    return method


def _send(group: Group, call: Call[T]) -> T:
    return group._sender.send(call)


def _send_later(group: AsyncGroup, call: Call[T]) -> Coroutine[Any, Any, T]:
    return group._sender.send(call)


def _after(call: Call[Success[PageT]], page: PageT) -> Call[Success[PageT]] | None:
    if page.next_cursor is None:
        return None
    return replace(call, query={**call.query, "cursor": page.next_cursor})
