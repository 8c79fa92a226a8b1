"""A run while it lasts: how far it is, how fast, what it waits for, and the buttons that steer it."""

from __future__ import annotations

import time

import streamlit as st

from workbench.components.access import session_access
from workbench.runs.access import Access
from workbench.runs.manager import RunManager
from workbench.runs.model import ItemState, Run, Wanted

EVERY_S = 1.0
METRIC_WIDTH = 100
ICONS = {
    ItemState.WAITING: ":material/hourglass_empty:",
    ItemState.SENT: ":material/send:",
    ItemState.DONE: ":material/check_circle:",
    ItemState.FAILED: ":material/error:",
    ItemState.SKIPPED: ":material/skip_next:",
}


def show_progress(manager: RunManager, run: Run) -> None:
    """The part that draws itself again every second while the run lasts; the page as a whole when that changes."""
    if run.wanted is Wanted.RUN or manager.is_working(run.run_id):
        _live(manager, run.run_id)
    else:
        _draw(manager, run)


@st.fragment(run_every=EVERY_S)
def _live(manager: RunManager, run_id: str) -> None:
    run = manager.ledger.find(run_id)
    if run is None:
        st.rerun()
    access = session_access(run.environment)
    if access is not None:
        manager.open(run_id, access)
    if run.wanted is not Wanted.RUN and not manager.is_working(run_id):
        st.rerun()
    _draw(manager, run)


def _draw(manager: RunManager, run: Run) -> None:
    counts, pace = manager.overview.counts(run.run_id), manager.overview.pace(run.run_id)
    working = manager.is_working(run.run_id)
    if not run.read and working:
        st.progress(0.0, text=f"Reading the pictures: {counts.total:,} so far")
    else:
        st.progress(counts.progress, text=said_of(run, working, counts.progress))
    places = st.container(horizontal=True)
    for state, count in counts.states.items():
        places.metric(f"{ICONS[state]} {state}", f"{count:,}", width=METRIC_WIDTH)
    if working and run.read:
        rate = pace.per_s / len(run.settings.tasks)
        known = pace.left_s is not None and not manager.waits(run.run_id)
        left = f", about {duration(pace.left_s or 0)} left" if known else ""
        st.caption(f"{rate:.1f} pictures a second{left}. {counts.total:,} pictures in all.")
    _show_troubles(manager, run, working)
    _buttons(manager, run, session_access(run.environment), working, counts.states[ItemState.FAILED])


def said_of(run: Run, working: bool, progress: float) -> str:
    """The run's state in a few words."""
    share = f"{progress:.0%} answered"
    if run.wanted is Wanted.OVER:
        return "Over: every picture is accounted for"
    if run.wanted is Wanted.CANCEL:
        return f"Cancelled, {share}"
    if run.wanted is Wanted.PAUSE:
        return f"{'Pausing' if working else 'Paused'}, {share}"
    return f"Running, {share}" if working else f"Waits, {share}"


def duration(seconds: float) -> str:
    """For people: 40 s, 3 min, 2 h 5 min."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _show_troubles(manager: RunManager, run: Run, working: bool) -> None:
    for service, wait in manager.waits(run.run_id).items():
        since = time.strftime("%H:%M:%S", time.localtime(wait.since))
        st.warning(
            f"**Waiting for {service} since {since}.** It is asked again by itself; nothing is lost. {wait.said}",
            icon=":material/hourglass_top:",
        )
    if run.reason:
        st.error(f"{run.reason}{_remedy(run)}", icon=":material/error:")
    elif run.wanted is Wanted.RUN and not working:
        st.info("It goes on as soon as a page is open that has a token.", icon=":material/key:")


def _remedy(run: Run) -> str:
    if run.wanted is Wanted.RUN:
        return f"\n\nPaste a valid token for {run.environment} in the sidebar, or press Go on."
    return "\n\nPress Go on when it is mended." if run.wanted is Wanted.PAUSE else ""


def _buttons(manager: RunManager, run: Run, access: Access | None, working: bool, failed: int) -> None:
    if access is None:
        st.error(f"The settings know no environment {run.environment} any more.", icon=":material/dns:")
        return
    row = st.container(horizontal=True)
    stuck = run.wanted is Wanted.PAUSE or (run.wanted is Wanted.RUN and not working)
    if stuck and row.button("Go on", type="primary", icon=":material/play_arrow:", key="run resume"):
        manager.resume(run.run_id, access)
        st.rerun()
    if run.wanted is Wanted.RUN and row.button("Pause", icon=":material/pause:", key="run pause"):
        manager.pause(run.run_id)
        st.rerun()
    unended = run.wanted in (Wanted.RUN, Wanted.PAUSE)
    if unended and row.button("Cancel", icon=":material/stop_circle:", key="run cancel"):
        manager.cancel(run.run_id)
        st.rerun()
    again = f"Run the {failed:,} failed again"
    if not working and failed and row.button(again, icon=":material/replay:", key="run again"):
        manager.again(run.run_id, access)
        st.rerun()
