from __future__ import annotations

from pathlib import Path

import pytest

from training_eval.data.lists import LONGEST_LINE, Unrepeated, filled, lines, numbers, rows, whole
from training_eval.errors import DataMissing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.csv"


def test_lines_are_numbered_and_lose_their_ends_and_the_mark_of_utf8(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbfone\r\n\n  \nfo\xc3\xbcr")
    assert list(lines(path)) == [(1, "one"), (2, ""), (3, "  "), (4, "foür")]
    assert list(filled(path)) == [(1, "one"), (4, "foür")]


def test_what_is_not_utf8_is_named_by_its_line(path: Path) -> None:
    path.write_bytes(b"one\ntwo\nthr\xff\n")
    with pytest.raises(DataMissing, match=r"list\.csv, line 3: this is not UTF-8"):
        list(lines(path))


def test_a_line_without_end_is_not_read_to_its_end(path: Path) -> None:
    path.write_bytes(b"one\n" + b"x" * (LONGEST_LINE * 3))
    with pytest.raises(DataMissing, match="line 2: the line has no end"):
        list(lines(path))


def test_a_list_that_cannot_be_read_is_named(path: Path) -> None:
    with pytest.raises(DataMissing, match=r"list\.csv cannot be read: No such file"):
        list(lines(path))


def test_rows_know_their_lines(path: Path) -> None:
    path.write_text('a, b ,c\n1,"x,y", 3 \n\n4,,6\n')
    assert list(rows(path, ("a",))) == [
        (2, {"a": "1", "b": "x,y", "c": "3"}),
        (4, {"a": "4", "b": "", "c": "6"}),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the names of the columns are missing"),
        ("a,a\n", "line 1: a column comes twice"),
        ("b,c\n1,2\n", "line 1: the column 'a' is missing"),
        ("a,b\n1,2\n3\n", "line 3: 1 values for 2 columns"),
        ("a,b\n1,2,3\n", "line 2: 3 values for 2 columns"),
        ('a,b\n1,2\n"3,4\n', "line 3: unexpected end of data"),
        ("a\n" + "x" * 200_000, "line 2: field larger than field limit"),
    ],
)
def test_rows_that_do_not_fit_are_named_by_their_line(path: Path, text: str, said: str) -> None:
    path.write_text(text)
    with pytest.raises(DataMissing, match=said):
        list(rows(path, ("a",)))


@pytest.mark.parametrize("text", ["", "-1", "1.5", "\u0663", "1_0", "9" * 5000, "0"])
def test_what_is_no_whole_number_from_1_is_refused(path: Path, text: str) -> None:
    assert whole(path, 2, " 12 ", 1) == 12
    with pytest.raises(DataMissing, match=r"line 2: .* no whole number from 1"):
        whole(path, 2, text, 1)


@pytest.mark.parametrize("text", ["", "1 2", "1 2 3 4", "1 2 nan", "1 2 inf", "a b c"])
def test_what_are_not_three_numbers_is_refused(path: Path, text: str) -> None:
    assert numbers(path, 2, " 1  -2.5 3e1", 3) == [1, -2.5, 30]
    with pytest.raises(DataMissing, match=r"line 2: .* are not 3 numbers"):
        numbers(path, 2, text, 3)


def test_a_repetition_names_both_lines(path: Path) -> None:
    seen = Unrepeated(path)
    seen.add("a", 2)
    seen.add("b", 3)
    with pytest.raises(DataMissing, match=r"list\.csv, line 5: a stands in line 2 already"):
        seen.add("a", 5)
