"""What an event may say: short, plain, and nothing of anybody's face."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

MAX_TEXT = 256
MAX_DEPTH = 4
MAX_VALUES = 100
MAX_NUMBERS = 16
"""An embedding has hundreds, five landmarks have ten coordinates and a box four."""
SMALLEST, LARGEST = -(2**63), 2**64 - 1
MARK = "…"
UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL keeps no NUL, and UTF-8 no half of a character."""


def fitted(text: str, limit: int = MAX_TEXT) -> str:
    """``text``, or its beginning and a mark where it is longer than ``limit`` characters; it can always be stored."""
    kept = UNKEEPABLE.sub("\N{REPLACEMENT CHARACTER}", str.__str__(text))
    return kept if len(kept) <= limit else kept[: limit - len(MARK)] + MARK


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy as JSON keeps it.

    Raises:
        ValueError: It holds anything but text, numbers, truth values and None, in lists and dicts, or more of them
            than an event is for. A caller's error, never a user's: what users send goes in as text, and is cut.
    """
    found = {_key(name): _plain(value, MAX_DEPTH) for name, value in values.items()}
    leaves = list(_leaves(found))
    numbers = [leaf for leaf in leaves if isinstance(leaf, int | float) and not isinstance(leaf, bool)]
    if len(leaves) > MAX_VALUES or len(numbers) > MAX_NUMBERS:
        raise ValueError(
            f"an audit event of {len(leaves)} values, {len(numbers)} of them numbers: that is data"
        )
    return found


def _plain(value: object, depth: int) -> Any:
    if depth == 0:
        raise ValueError(f"an audit event nested more than {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        return {_key(name): _plain(item, depth - 1) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth - 1) for item in value]
    return _leaf(value)


def _leaf(value: object) -> str | int | float | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return fitted(value)
    if isinstance(value, int) and SMALLEST <= value <= LARGEST:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    raise ValueError(f"an audit event does not hold {type(value).__name__}, NaN or huge numbers")


def _key(name: object) -> str:
    if not isinstance(name, str):
        raise ValueError(f"an audit event names its values by text, not {type(name).__name__}")
    return fitted(name)


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    else:
        yield value
