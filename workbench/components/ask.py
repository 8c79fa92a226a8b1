"""A call of the client as a view makes it: with a sign of life, the time it took, and errors said."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import streamlit as st

from workbench.client import ClientError
from workbench.components.problems import show_error

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """An answer, and the milliseconds from sending the request to having read it."""

    value: T
    round_trip_ms: float


def ask(call: Callable[[], T], *, doing: str, key: str) -> Answer[T] | None:
    """The answer; None after an error, which has been shown then."""
    started = time.perf_counter()
    try:
        with st.spinner(f"{doing}…"):
            value = call()
    except ClientError as error:
        show_error(error, key)
        return None
    return Answer(value, (time.perf_counter() - started) * 1e3)
