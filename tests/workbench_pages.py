"""Pages of the workbench by themselves, with sidebar and settings, drawn by Streamlit's own test runner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from workbench.components.stores import run_manager

LIMIT_S = 60


def _script(view: str) -> None:
    from importlib import import_module

    import streamlit as st

    from workbench.components.environment import choose_environment
    from workbench.settings import WorkbenchSettings

    with st.sidebar:
        bench = choose_environment(WorkbenchSettings())
    import_module(f"workbench.views.{view}").render(bench)


def page_of(view: str, **query: str) -> AppTest:
    """A page of a new browser, with what its link carries."""
    page = AppTest.from_function(_script, kwargs={"view": view}, default_timeout=LIMIT_S)
    for name, value in query.items():
        page.query_params[name] = value
    return page


@contextmanager
def workbench_at(
    monkeypatch: pytest.MonkeyPatch, data: Path, address: str, token: str = "a.b.c"
) -> Iterator[None]:
    """Settings of a workbench with a data folder of its own, whose services all are at one address."""
    monkeypatch.setenv("FACESOCIAL_WORKBENCH_ENVIRONMENTS", json.dumps({"local": {"gateway": address}}))
    monkeypatch.setenv("FACESOCIAL_WORKBENCH_TOKEN", token)
    monkeypatch.setenv("FACESOCIAL_WORKBENCH_DATA_DIR", str(data))
    monkeypatch.setenv("FACESOCIAL_WORKBENCH_FOLDERS", json.dumps([str(data.parent)]))
    yield
    run_manager().close()
    st.cache_resource.clear()
    st.cache_data.clear()
