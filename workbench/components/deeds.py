"""Promote, roll back, challenge: by the project's own command, confirmed by typing, for administrators."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.components.ask import ask
from workbench.components.bench import Bench
from workbench.registry.command import (
    CHALLENGE,
    DONE,
    NOBODY,
    PROMOTE,
    REFUSED,
    ROLLBACK,
    Deed,
    Running,
    found,
)
from workbench.registry.model import CHALLENGER, CHAMPION, Version
from workbench.settings import WorkbenchSettings

RUNNING = "_model command"
EVERY_S = 0.5
MISSING = (
    "**Looking only.** The command `{}` is not on this machine; install the extra `train`, or name another one in "
    "`FACESOCIAL_WORKBENCH_MODEL_COMMAND`."
)


def show_deeds(bench: Bench, settings: WorkbenchSettings, task: str, versions: Sequence[Version]) -> None:
    """The choice of what to do, its confirmation, and what the command says."""
    words = settings.model_words()
    command = found(words)
    if command is None:
        st.info(MISSING.format(" ".join(words)), icon=":material/visibility:")
        return
    running: Running | None = st.session_state.get(RUNNING)
    if running is not None:
        _follow(running)
    deed = _choose(task, versions)
    if deed is None:
        return
    phrase = " ".join(deed.arguments)
    typed = st.text_input(f"Type `{phrase}` to confirm", key=f"confirm {phrase}", placeholder=phrase)
    busy = running is not None and not running.ended
    if st.button("Do it", type="primary", disabled=typed.strip() != phrase or busy, key="do it"):
        # Only an administrator may read the audit events: the service says so, not the token by itself.
        if ask(lambda: bench.client.audit(1), doing="Asking whether you may", key="may") is None:
            return
        st.session_state[RUNNING] = Running(command, deed, settings.command_environment())
        st.rerun()


def _choose(task: str, versions: Sequence[Version]) -> Deed | None:
    held = {alias: one for one in versions for alias in one.aliases}
    deeds: dict[str, Deed] = {}
    for one in versions:
        if held.get(CHAMPION) is not one:
            deeds[f"Promote version {one.number}, if the gate lets it"] = Deed(PROMOTE, task, one.number)
            deeds[f"Let version {one.number} challenge the champion"] = Deed(CHALLENGE, task, one.number)
    if CHAMPION in held and held[CHAMPION].previous:
        deeds[f"Roll back to version {held[CHAMPION].previous}"] = Deed(ROLLBACK, task)
    if CHALLENGER in held:
        deeds["Let nobody challenge the champion"] = Deed(NOBODY, task)
    title = st.selectbox("What to do", list(deeds), index=None, placeholder="Nothing", key=f"deed {task}")
    return deeds.get(title or "")


def _follow(running: Running) -> None:
    if running.ended:
        _show(running)
    else:
        st.fragment(_live, run_every=EVERY_S)(running)


def _live(running: Running) -> None:
    if running.ended:
        st.rerun()
    _show(running)


def _show(running: Running) -> None:
    phrase = " ".join(running.deed.arguments)
    if not running.ended:
        st.info(
            f"**{phrase}** is at work. It goes on if you leave this page.", icon=":material/hourglass_top:"
        )
    elif running.code == DONE:
        st.success(f"**{phrase}** is done.", icon=":material/check_circle:")
    elif running.code == REFUSED:
        st.error(f"**{phrase}** was refused. The reason stands below.", icon=":material/gavel:")
    else:
        st.error(
            f"**{phrase}** failed (exit code {running.code}). What it said stands below.",
            icon=":material/error:",
        )
    if running.output:
        st.code(running.output, language=None, wrap_lines=False)
