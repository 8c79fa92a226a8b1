"""A labelled set through the services: curves, confusion, figures by group, errors, and a run in MLflow."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from workbench.client import ClientError
from workbench.comparing.asking import Asking, ask_all
from workbench.components.access import session_access
from workbench.components.bench import Bench
from workbench.components.evaluation_errors import show_errors
from workbench.components.evaluation_figures import choose_threshold, show_figures
from workbench.components.evaluation_log import show_log
from workbench.components.faces import choose_faces
from workbench.components.far import USUAL_RATE
from workbench.components.rates import Rates
from workbench.components.shots import choose_pile
from workbench.components.trial_progress import show_stopped
from workbench.evaluating.cases import Case, cases_of
from workbench.evaluating.labelled import LabelledSet, read_set
from workbench.evaluating.truth import SetUnreadable
from workbench.runs.entry import SourceUnreadable
from workbench.runs.model import RunSettings
from workbench.runs.tasks import TASKS

EVALUATION = "_evaluation"
AT_ONCE = 3
OWN = {"liveness": "live", "deepfake": "fake"}
WANTED = (
    "A ZIP or a folder with `manifest.csv` (as `training_eval` reads it), or with a folder for each class: "
    "`live/` and `spoof/`, `real/` and `fake/`, or one folder a person."
)


@dataclass
class Evaluation:
    """A set and what a deployment said of it."""

    environment: str
    labelled: LabelledSet
    asking: Asking
    cases: list[Case] | None = None


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Evaluate", anchor=False)
    kept: Evaluation | None = st.session_state.get(EVALUATION)
    with st.expander("What to evaluate", icon=":material/tune:", expanded=kept is None):
        begun = _choose(bench)
    if begun is not None:
        st.session_state[EVALUATION] = begun
        st.rerun()
    if kept is None:
        st.info("Choose a labelled set, then press Start.", icon=":material/fact_check:")
        return
    task, count = TASKS[kept.labelled.task].title, len(kept.labelled.shots)
    st.subheader(f"{kept.labelled.title} on {kept.environment}: {task}, {count} pictures", anchor=False)
    _go_on(kept)
    if kept.asking.replies:
        _show(bench, kept)


def _choose(bench: Bench) -> Evaluation | None:
    st.markdown(WANTED)
    pile = choose_pile("evaluate", samples=False, hint="One ZIP with pictures and labels")
    faces = choose_faces()
    pressed = st.button(
        f"Start on {bench.environment}", type="primary", icon=":material/play_arrow:", disabled=pile is None
    )
    if not pressed or pile is None:
        return None
    try:
        with st.spinner("Reading the set…"):
            labelled = read_set(pile.title, pile.entries())
    except (SetUnreadable, SourceUnreadable) as error:
        st.error(str(error), icon=":material/folder_off:")
        return None
    settings = RunSettings(tasks=(labelled.task,), **faces, together=1, keep_embeddings=True)
    return Evaluation(bench.environment, labelled, Asking(labelled.shots, labelled.task, settings))


def _go_on(kept: Evaluation) -> None:
    asking, total = kept.asking, len(kept.asking.shots)
    access = session_access(kept.environment)
    if access is None:
        st.error(f"The settings know no environment {kept.environment} any more.", icon=":material/dns:")
        return
    if asking.left and asking.stopped is None:
        bar = st.progress(0.0)
        kept.cases = None

        def tick() -> None:
            done = len(asking.replies)
            bar.progress(done / total, text=f"{done} of {total} pictures answered")

        ask_all([(asking, access)], tick, at_once=AT_ONCE)
        bar.empty()
    if asking.stopped is not None:
        said = (
            f"{total - asking.left} of {total} pictures are answered and stay. Press Go on when it is mended."
        )
        show_stopped(kept.environment, asking.stopped, said)
        if st.button("Go on", type="primary", icon=":material/play_arrow:", key="evaluate go on"):
            asking.stopped = None
            st.rerun()


def _show(bench: Bench, kept: Evaluation) -> None:
    labelled = kept.labelled
    if labelled.skipped:
        with st.expander(f"{len(labelled.skipped)} files were left out", icon=":material/skip_next:"):
            st.dataframe(
                [{"File": name, "Why": why} for name, why in labelled.skipped.items()], hide_index=True
            )
    if kept.cases is None:
        kept.cases = cases_of(labelled, kept.asking.replies)
    models = ", ".join(f"`{model.name}` {model.version}" for model in kept.asking.models)
    st.caption(f"Answered by {models}." if models else "No model answered.")
    own = _own_threshold(bench, kept)
    threshold = choose_threshold(labelled.kind, kept.cases, own)
    figures = show_figures(labelled.kind, kept.cases, threshold)
    show_errors(labelled.kind, kept.cases, threshold)
    show_log(kept.environment, labelled, kept.asking, kept.cases, figures)


def _own_threshold(bench: Bench, kept: Evaluation) -> float | None:
    """That of the card; for two faces the one of the usual false-accept rate."""
    if bench.environment != kept.environment:
        return None
    try:
        card = bench.client.model(TASKS[kept.labelled.task].service).data
    except ClientError:
        return None
    if kept.labelled.task == "embed":
        rates = Rates.of_card(card)
        return None if rates is None else rates.threshold(USUAL_RATE)
    return card.thresholds.get(OWN.get(kept.labelled.kind, ""))
