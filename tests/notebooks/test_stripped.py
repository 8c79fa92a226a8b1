"""What is kept of a notebook is its text: nothing that a run left behind, nothing of one machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="needs the group `test`")

from notebook_runs import FOLDER, PARAMETERS, SUMMARY, tags  # noqa: E402

EXECUTED = ("error_analysis", "evaluation_report", "threshold_choice", "tour_of_the_api")
ABSOLUTE = re.compile(r"(?<![\w.:/])/(?:home|root|work|tmp|usr|var|etc|opt|mnt|data|Users)\b|\b[A-Za-z]:\\")
SMALL = 45
"""Lines of a code cell."""

every_notebook = pytest.mark.parametrize("name", EXECUTED)


def read(name: str) -> Any:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def test_every_notebook_is_executed_by_a_test() -> None:
    assert tuple(sorted(path.stem for path in FOLDER.glob("**/*.ipynb"))) == EXECUTED


@every_notebook
def test_it_is_valid(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.metadata.kernelspec.name) == (4, "python3")


@every_notebook
def test_nothing_of_a_run_is_kept(name: str) -> None:
    notebook = read(name)
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags"}
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert set(notebook.metadata.language_info) == {"name"}


@every_notebook
def test_parameters_come_first_and_what_was_found_last(name: str) -> None:
    code = [cell for cell in read(name).cells if cell.cell_type == "code"]
    assert [index for index, cell in enumerate(code) if PARAMETERS in tags(cell)] == [0]
    assert [index for index, cell in enumerate(code) if SUMMARY in tags(cell)] == [len(code) - 1]
    assert all(len(cell.source.splitlines()) <= SMALL for cell in code)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.*")), ids=lambda path: path.name)
def test_no_path_of_a_machine(path: Path) -> None:
    assert ABSOLUTE.search(path.read_text(encoding="utf-8")) is None


@pytest.mark.parametrize("text", ["open('/mnt/disk/a.jpg')", "x = '/tmp/a'", r"'C:\\data'"])
def test_such_a_path_is_seen(text: str) -> None:
    assert ABSOLUTE.search(text)
