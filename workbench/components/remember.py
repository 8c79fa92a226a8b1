"""What was asked or computed once stays in the session as long as it is asked for with the same things."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

import streamlit as st

T = TypeVar("T")


def remembered(key: str, of: Hashable, make: Callable[[], T | None]) -> T | None:
    """The value that ``make`` gave for ``of``; made anew when ``of`` has changed, or gave None before.

    Args:
        key: Names the place in the session; one value is kept in it.
        of: All that the value depends on.
        make: Makes it.
    """
    place = f"_remembered {key}"
    kept: tuple[Hashable, object] | None = st.session_state.get(place)
    if kept is not None and kept[0] == of:
        return cast(T, kept[1])
    made = make()
    if made is not None:
        st.session_state[place] = (of, made)
    return made


def digest(data: bytes) -> str:
    """SHA-256, to tell pictures apart."""
    return hashlib.sha256(data).hexdigest()
