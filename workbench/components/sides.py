"""Two deployments, each with a token of its own."""

from __future__ import annotations

import streamlit as st

from workbench.components.bench import Bench
from workbench.settings import WorkbenchSettings

HELP = "Kept in this session alone, and the same that the sidebar asks for when this environment is chosen there."


def choose_sides(bench: Bench) -> tuple[str, str]:
    """Draw the choice; names of both, which may be the same one."""
    settings = WorkbenchSettings()
    names = list(settings.deployments)
    here = names.index(bench.environment) if bench.environment in names else 0
    other = next((place for place in range(len(names)) if place != here), here)
    columns = st.columns(2, gap="medium")
    chosen = [
        column.selectbox(f"{side} ({role})", names, index=at, key=key, bind="query-params")
        for column, side, role, at, key in zip(
            columns, "AB", ("champion", "challenger"), (here, other), ("a", "b"), strict=True
        )
    ]
    for column, name in zip(columns, dict.fromkeys(chosen), strict=False):
        if name != bench.environment:
            with column:
                _token(settings, name)
    return chosen[0], chosen[1]


def _token(settings: WorkbenchSettings, name: str) -> None:
    try:
        given = settings.given_token(name)
    except (OSError, UnicodeDecodeError) as error:
        st.warning(f"The token file of {name} cannot be read: {error}.", icon=":material/key_off:")
        given = None
    st.text_input(
        f"Token for {name}", type="password", key=f"token of {name}", persist_state="session", help=HELP,
        placeholder="from the settings" if given else "paste a JSON Web Token",
    )  # fmt: skip
