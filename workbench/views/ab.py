"""Champion against challenger: two deployments, or one before and after a promotion, on the same pictures."""

from __future__ import annotations

import streamlit as st

from workbench.comparing.opinions import COMPARED
from workbench.comparing.shots import gather
from workbench.comparing.trial import Trial
from workbench.components.bench import Bench
from workbench.components.faces import choose_faces
from workbench.components.shots import Pile, choose_pile
from workbench.components.sides import choose_sides
from workbench.components.trial_picture import show_difference
from workbench.components.trial_progress import ask_second, show_trial
from workbench.components.trial_results import show_trial_results
from workbench.runs.entry import SourceUnreadable
from workbench.runs.model import RunSettings
from workbench.runs.tasks import TASKS

TRIAL = "_trial"
SAME = "The same environment twice: A is asked first, B when you say so, such as after a promotion."


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("A/B", anchor=False)
    trial: Trial | None = st.session_state.get(TRIAL)
    with st.expander("What to compare", icon=":material/tune:", expanded=_open(trial)):
        begun = _choose(bench)
    if begun is not None:
        st.session_state[TRIAL] = begun
        st.rerun()
    if trial is None:
        st.info(
            "Choose two environments, a task and pictures, then press Start.",
            icon=":material/compare_arrows:",
        )
        return
    st.subheader(f"{TASKS[trial.task].title}: {trial.title}, {len(trial.shots.shots)} pictures", anchor=False)
    show_trial(trial)
    ask_second(trial)
    if not any(asking.replies for asking in trial.sides):
        return
    picked = show_trial_results(trial)
    if picked is not None:
        show_difference(picked, trial.environments)


def _open(trial: Trial | None) -> bool:
    """Before the start, and where a token may be missing."""
    return trial is None or any(asking.stopped is not None for asking in trial.sides)


def _choose(bench: Bench) -> Trial | None:
    environments = choose_sides(bench)
    if environments[0] == environments[1]:
        st.caption(SAME)
    titles = {TASKS[name].title: name for name in COMPARED}
    title = st.segmented_control(
        "Task", list(titles), default=next(iter(titles)), required=True, key="ab task", bind="query-params"
    )
    pile = choose_pile("ab")
    faces = choose_faces()
    settings = RunSettings(tasks=(titles[title],), **faces, together=1)
    if (
        not st.button("Start", type="primary", icon=":material/play_arrow:", disabled=pile is None)
        or pile is None
    ):
        return None
    return _begin(titles[title], pile, environments, settings)


def _begin(task: str, pile: Pile, environments: tuple[str, str], settings: RunSettings) -> Trial | None:
    try:
        with st.spinner("Reading the pictures…"):
            shots = gather(pile.entries())
    except SourceUnreadable as error:
        st.error(str(error), icon=":material/folder_off:")
        return None
    if not shots.shots:
        st.warning("There is no picture in it that could be sent.", icon=":material/image_not_supported:")
        return None
    return Trial.of(task, shots, environments, settings)
