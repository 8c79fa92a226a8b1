"""What gets into an event, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bentos.common.audit.guard import MAX_NUMBERS, MAX_TEXT, MAX_VALUES, fitted, plain


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


CIRCLE: dict[str, Any] = {}
CIRCLE["self"] = CIRCLE
EMBEDDING = np.linspace(-1, 1, 512, dtype=np.float32)


@pytest.mark.parametrize(
    "value",
    [
        "text",
        "",
        '😀 é ‮ \n\t\\ "',
        0,
        -(2**63),
        2**64 - 1,
        0.1,
        -0.0,
        5e-324,
        True,
        False,
        None,
        [],
        {},
        ["a", 1, 2.5, None, True],
        [float(number) for number in range(MAX_NUMBERS)],
        {"a": {"b": ["c"]}},
        [f"person-{number}" for number in range(64)],
    ],
)
def test_plain_values_stay_as_they_are(value: object) -> None:
    assert plain({"value": value}) == {"value": value}


def test_what_json_writes_otherwise_is_made_plain() -> None:
    found = plain(
        {"a": Colour.RED, "b": Size.LARGE, "c": (1, 2), "d": MappingProxyType({"e": np.float64(0.5)})}
    )
    assert found == {"a": "red", "b": 3, "c": [1, 2], "d": {"e": 0.5}}
    assert [type(value) for value in found.values()] == [str, int, list, dict]
    assert type(found["d"]["e"]) is float


@pytest.mark.parametrize(
    "value",
    [
        b"bytes",
        bytearray(b"bytes"),
        memoryview(b"bytes"),
        EMBEDDING,
        EMBEDDING.tolist(),
        EMBEDDING.tobytes(),
        EMBEDDING[0],
        np.int64(1),
        tuple(EMBEDDING.tolist()),
        [EMBEDDING.tolist()[start : start + 8] for start in range(0, 512, 8)],
        {str(number): value for number, value in enumerate(EMBEDDING.tolist())},
        [0.5] * (MAX_NUMBERS + 1),
        [1] * (MAX_NUMBERS + 1),
        [[0.5] * 9, [0.5] * 9],
        pytest.param(int.from_bytes(EMBEDDING.tobytes()), id="an embedding as one number"),
        2**64,
        -(2**63) - 1,
        float("nan"),
        float("inf"),
        ["a"] * (MAX_VALUES + 1),
        [[[["too deep"]]]],
        CIRCLE,
        {1: "a"},
        {b"a": "b"},
        {"a"},
        iter(["a"]),
        datetime.now(UTC),
        Path("/"),
        object(),
        1j,
    ],
)
def test_anything_else_is_the_callers_error(value: object) -> None:
    for values in ({"value": value}, {"fine": 1, "nested": {"value": value}}):
        with pytest.raises(ValueError, match="audit event"):
            plain(values)


def test_numbers_count_together() -> None:
    with pytest.raises(ValueError, match="17 of them numbers"):
        plain({f"part-{number}": 0.5 for number in range(17)})


def test_what_is_kept_is_a_copy() -> None:
    inner = ["a"]
    found = plain({"list": inner})
    inner.append("b")
    assert found == {"list": ["a"]}


def test_long_text_is_cut_with_a_mark() -> None:
    assert fitted("a" * 10, 10) == "a" * 10
    assert fitted("a" * 11, 10) == "a" * 9 + "…"
    assert plain({"k" * 1000: "v" * 100_000}) == {"k" * (MAX_TEXT - 1) + "…": "v" * (MAX_TEXT - 1) + "…"}


def test_what_no_database_keeps_is_replaced() -> None:
    assert fitted("a\x00b\ud800c") == "a\ufffdb\ufffdc"
    assert plain({"\x00": "\udfff"}) == {"\ufffd": "\ufffd"}


@given(st.text(st.characters(codec=None)), st.integers(1, 300))
def test_fitted_text_can_be_stored(text: str, limit: int) -> None:
    found = fitted(text, limit)
    assert len(found) <= limit
    assert "\x00" not in found
    assert found.encode().decode() == found
    assert fitted(found, limit) == found
