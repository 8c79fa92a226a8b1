"""How far a trial is, and what keeps it."""

from __future__ import annotations

import streamlit as st

from workbench.client import ApiError, ClientError, NotConfigured
from workbench.comparing.trial import Trial
from workbench.components.access import session_access
from workbench.components.problems import advice_for

ELSEWHERE = "A token of an environment that the sidebar does not show belongs under What to compare."


def show_trial(trial: Trial) -> None:
    """Go on with what is not answered; whoever presses something meanwhile loses no answer."""
    if trial.under_way:
        bar = st.progress(trial.progress, text=_said(trial))
        trial.go_on(session_access, lambda: _draw(trial, bar))
        bar.empty()
    for side, name, asking in trial.asked:
        if asking.stopped is not None:
            _show_stopped(side, name, asking.stopped, asking.left, len(asking.shots))
    stopped = [asking for _, _, asking in trial.asked if asking.stopped is not None]
    if stopped and st.button("Go on", type="primary", icon=":material/play_arrow:", key="trial go on"):
        for asking in stopped:
            asking.stopped = None
        st.rerun()


def ask_second(trial: Trial) -> None:
    """The same deployment is asked a second time when people say so."""
    if trial.second_wanted or trial.sides[0].left:
        return
    models = ", ".join(f"{model.name} {model.version}" for model in trial.sides[0].models)
    st.info(
        f"A is answered by {models or 'nobody'}. Promote another version or change the deployment, then ask B.",
        icon=":material/swap_horiz:",
    )
    if st.button("Ask B now", type="primary", icon=":material/play_arrow:"):
        trial.second_wanted = True
        st.rerun()


def show_stopped(who: str, error: ClientError, kept: str) -> None:
    """Why a deployment is not asked on, and what to do."""
    advice = advice_for(error)
    parts = [f"**{who}: {advice.title}**", error.message, advice.remedy, kept]
    st.error("\n\n".join(part for part in parts if part), icon=":material/error:")


def _show_stopped(side: str, name: str, error: ClientError, left: int, total: int) -> None:
    kept = f"{total - left} of {total} pictures are answered and stay. Press Go on when it is mended."
    barred = isinstance(error, NotConfigured) or (isinstance(error, ApiError) and error.status in (401, 403))
    show_stopped(f"{side} ({name})", error, f"{ELSEWHERE} {kept}" if barred else kept)


def _draw(trial: Trial, bar: st.delta_generator.DeltaGenerator) -> None:
    bar.progress(trial.progress, text=_said(trial))


def _said(trial: Trial) -> str:
    done = [f"{side} {len(asking.replies)} of {len(asking.shots)}" for side, _, asking in trial.asked]
    return "Asking: " + ", ".join(done)
