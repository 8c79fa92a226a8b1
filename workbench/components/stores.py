"""What the workbench keeps on its machine, opened once a process."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from workbench.labels.store import LabelStore
from workbench.runs.manager import RunManager
from workbench.settings import WorkbenchSettings


def run_manager() -> RunManager:
    """The manager of the batch runs; its threads outlive pages and sessions."""
    return _run_manager(WorkbenchSettings().data_folder)


def label_store() -> LabelStore:
    """The labels."""
    return _label_store(WorkbenchSettings().data_folder / "labels")


@st.cache_resource(show_spinner=False)
def _run_manager(folder: Path) -> RunManager:
    return RunManager(folder)


@st.cache_resource(show_spinner=False)
def _label_store(folder: Path) -> LabelStore:
    return LabelStore(folder)
