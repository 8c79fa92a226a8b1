from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from training_eval.data.json_entries import LONGEST_ENTRY, entries
from training_eval.errors import DataMissing

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=6
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labels.json"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    value=st.dictionaries(st.text(), VALUES), indent=st.none() | st.integers(0, 3), ascii_only=st.booleans()
)
def test_what_json_writes_is_read(
    path: Path, value: dict[str, object], indent: int | None, ascii_only: bool
) -> None:
    path.write_text(json.dumps(value, indent=indent, ensure_ascii=ascii_only), encoding="utf-8")
    assert [(name, found) for _, name, found in entries(path)] == list(value.items())


def test_members_that_lie_across_pieces_are_whole(path: Path) -> None:
    value = {f"name {number} " + "x" * (number % 977): list(range(number % 300)) for number in range(3000)}
    path.write_text(json.dumps(value))
    assert path.stat().st_size > 8 * 65536
    assert {name: found for _, name, found in entries(path)} == value


@pytest.mark.parametrize("filling", range(65530, 65545))
def test_a_number_that_lies_across_pieces_is_whole(path: Path, filling: int) -> None:
    path.write_text("{" + " " * (filling - 6) + '"a":123456,"b":7}')
    assert list(entries(path)) == [(1, "a", 123456), (2, "b", 7)]


def test_the_first_members_are_had_although_the_end_is_missing(path: Path) -> None:
    path.write_text('{"a": [1], "b": [2], "c": [3')
    stream = entries(path)
    assert [next(stream)[1], next(stream)[1]] == ["a", "b"]
    with pytest.raises(DataMissing, match=r"labels\.json, entry 3: this is no JSON"):
        next(stream)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "entry 0: '{' is missing"),
        ("[1]", "entry 0: '{' is missing"),
        ('{"a" 1}', "entry 1: ':' is missing"),
        ('{"a": 1 "b": 2}', "entry 1: ',' is missing"),
        ('{"a": 1,}', "entry 2: this is no JSON"),
        ("{1: 2}", "entry 1: a name is missing"),
        ('{"a": 1', "entry 1: ',' is missing"),
        ('{"a": ' + "[" * 100_000, "entry 1: this is no JSON"),
    ],
)
def test_what_is_no_object_is_named_by_its_entry(path: Path, text: str, said: str) -> None:
    path.write_text(text)
    with pytest.raises(DataMissing, match=said):
        list(entries(path))


def test_a_value_without_end_is_not_read_to_its_end(path: Path) -> None:
    with path.open("w") as file:
        file.write('{"a": "')
        for _ in range(8):
            file.write("x" * LONGEST_ENTRY)
    with pytest.raises(DataMissing, match="entry 1: this is no JSON"):
        list(entries(path))


def test_what_is_not_utf8_is_refused(path: Path) -> None:
    path.write_bytes(b'{"\xff": 1}')
    with pytest.raises(DataMissing, match="not UTF-8"):
        list(entries(path))
