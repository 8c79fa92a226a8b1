"""Runs a notebook in a kernel of its own, and reads what it found."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

FOLDER = Path(__file__).parents[1] / "notebooks"
CELL_LIMIT_S = 300
PARAMETERS, SUMMARY = "parameters", "summary"


def read(name: str, **parameters: object) -> nbformat.NotebookNode:
    """A notebook of the project; parameters are given as papermill gives them, in a cell behind the defaults."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    if parameters:
        (place,) = (index for index, cell in enumerate(notebook.cells) if PARAMETERS in tags(cell))
        given = "\n".join(f"{key} = {value!r}" for key, value in parameters.items())
        notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(given))
    return notebook


def executed(
    notebook: nbformat.NotebookNode, settings: Mapping[str, str], scratch: Path
) -> nbformat.NotebookNode:
    """The notebook with its outputs; nothing of the tester's own settings reaches it.

    Raises:
        CellExecutionError: A cell failed.
    """
    from nbclient import NotebookClient

    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACESOCIAL_")}
    own = {"FACESOCIAL_STATE_DIR": str(scratch / "state"), "IPYTHONDIR": str(scratch / "ipython")}
    where = {"metadata": {"path": str(FOLDER)}}
    client = NotebookClient(notebook, timeout=CELL_LIMIT_S, kernel_name="python3", resources=where)
    client.execute(env={**kept, **own, **settings})
    return notebook


def tags(cell: nbformat.NotebookNode) -> list[str]:
    """The tags of a cell."""
    return list(cell.metadata.get("tags", ()))


def summary(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """What the cell tagged ``summary`` shows."""
    (cell,) = (cell for cell in notebook.cells if SUMMARY in tags(cell))
    (output,) = cell.outputs
    return dict(output.data["application/json"])


def pictures(notebook: nbformat.NotebookNode) -> int:
    """How many pictures and plots it shows."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return sum("image/png" in output.get("data", {}) for output in outputs)
