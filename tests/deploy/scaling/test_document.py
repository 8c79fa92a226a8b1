"""SCALING.md: its tables are what the functions give, and its measured inputs stand where it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.scaling import inputs
from deploy.scaling.__main__ import DOCUMENT, main
from deploy.scaling.document import UnknownTable, filled
from deploy.scaling.tables import TABLES

BENCHMARKS = " ".join((Path(__file__).parents[3] / "BENCHMARKS.md").read_text().split())


def test_the_document_is_what_the_functions_give() -> None:
    text = DOCUMENT.read_text()
    assert filled(text, TABLES) == text, "`python -m deploy.scaling write`"


def test_a_table_that_was_changed_by_hand_is_noticed() -> None:
    text = DOCUMENT.read_text()
    changed = text.replace("| 1 M |", "| 2 M |", 1)
    assert changed != text
    assert filled(changed, TABLES) == text


@pytest.mark.parametrize("name", ["invented", "cost"])
def test_tables_that_are_missing_or_unknown_are_named(name: str) -> None:
    text = DOCUMENT.read_text()
    wrong = text.replace("<!-- table audit -->", f"<!-- table {name} -->")
    with pytest.raises(UnknownTable, match="audit"):
        filled(wrong, TABLES)


@pytest.mark.parametrize(
    "figure", [one for one in inputs.MEASURED if one.source.startswith("BENCHMARKS")], ids=str
)
def test_a_measured_figure_stands_in_the_benchmarks(figure: object) -> None:
    source = figure.source  # type: ignore[attr-defined]
    quoted = re.findall(r"`([^`]+)`", source)
    assert quoted
    for words in quoted:
        if words != "after":
            assert words in BENCHMARKS


def test_every_input_is_measured_or_assumed_and_no_two_have_one_name() -> None:
    every = (*inputs.MEASURED, *inputs.ASSUMED)
    assert {one.kind for one in inputs.MEASURED} == {"measured"}
    assert {one.kind for one in inputs.ASSUMED} == {"assumed"}
    assert len({one.name for one in every}) == len(every)
    assert all(one.source and one.value > 0 for one in every)


def test_no_gpu_was_measured_and_the_document_says_so() -> None:
    assert inputs.GPU_RATE.kind == "assumed"
    assert "No figure of a GPU was measured" in DOCUMENT.read_text()
    assert inputs.PRICES.stated in " ".join(DOCUMENT.read_text().split())


def test_the_command_prints_all_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    said = capsys.readouterr().out
    for table in TABLES.values():
        assert table() in said
