"""Many pictures at once: begun here, followed from any browser, looked at when they are answered."""

from __future__ import annotations

import time

import streamlit as st

from workbench.components.bench import Bench
from workbench.components.new_run import new_run
from workbench.components.run_item import show_item
from workbench.components.run_list import choose_run
from workbench.components.run_progress import show_progress
from workbench.components.run_results import ITEM, show_results
from workbench.components.stores import run_manager
from workbench.runs.manager import RunManager
from workbench.runs.model import Run

RUN = "run"
DELETE = "Its pictures and results go too. Labels stay. This cannot be undone."


def render(bench: Bench) -> None:
    """Draw the page; the link carries the run, so that another browser shows the same."""
    st.title("Batch run", anchor=False)
    manager = run_manager()
    run_id = st.query_params.get(RUN)
    if run_id is None:
        _show_start(bench, manager)
        return
    run = manager.ledger.find(run_id)
    if run is None:
        st.info("There is no such run; it may have been deleted.", icon=":material/search_off:")
        if st.button("All runs", icon=":material/list:"):
            _close()
        return
    _show_run(manager, run)


def _show_start(bench: Bench, manager: RunManager) -> None:
    opened = new_run(bench, manager) or choose_run(manager)
    if opened is not None:
        st.query_params[RUN] = opened
        st.rerun()


def _show_run(manager: RunManager, run: Run) -> None:
    begun = time.strftime("%d %b %H:%M", time.localtime(run.created_at))
    tasks = ", ".join(run.settings.tasks)
    head, buttons = st.columns([5, 6], vertical_alignment="center")
    head.markdown(f"**{run.source.title}** on {run.environment}, begun {begun}: {tasks}")
    with buttons.container(horizontal=True, horizontal_alignment="right"):
        if st.button("All runs", icon=":material/list:"):
            _close()
        st.button("Show results so far", icon=":material/refresh:", key="run refresh")
        _delete(manager, run)
    show_progress(manager, run)
    if not run.revision:
        return
    picked = st.query_params.get(ITEM, "")
    place = st.container()
    numbers = show_results(manager, run)
    picked = st.query_params.get(ITEM, picked)
    if picked.isascii() and picked.isdigit():
        with place:
            show_item(manager, run, int(picked), numbers)


def _delete(manager: RunManager, run: Run) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.write(DELETE)
        if st.button("Delete this run", type="primary", key="run delete"):
            manager.delete(run.run_id)
            st.session_state.pop("thumbnails", None)
            _close()


def _close() -> None:
    for name in (RUN, ITEM):
        st.query_params.pop(name, None)
    st.rerun()
