"""Which deployment is looked at, and with which token. The token stays in the session."""

from __future__ import annotations

import streamlit as st

from workbench.client import FaceSocialClient, NotConfigured
from workbench.components.bench import Bench
from workbench.settings import WorkbenchSettings

CLIENT = "_client"


def choose_environment(settings: WorkbenchSettings) -> Bench:
    """Draw the choice into the sidebar and open the client that it leads to."""
    names = list(settings.deployments)
    name = st.selectbox("Environment", names, key="environment", bind="query-params")
    token = _token(settings, name)
    try:
        return Bench(name, _client(settings, name, token))
    except NotConfigured as error:
        st.error(error.message, icon=":material/key_off:")
        return Bench(name, _client(settings, name, None))


def _token(settings: WorkbenchSettings, name: str) -> str | None:
    """The typed token, else the one that the settings hold."""
    given = _given_token(settings, name)
    typed = st.text_input(
        "Token",
        type="password",
        key=f"token of {name}",
        persist_state="session",
        placeholder="from the settings" if given else "paste a JSON Web Token",
        help="What is typed here goes before a token of the settings, and is kept in this session alone. "
        "Locally `facesocial token` prints one.",
    )
    return (typed or "").strip().removeprefix("Bearer ").strip() or given


def _given_token(settings: WorkbenchSettings, name: str) -> str | None:
    try:
        return settings.given_token(name)
    except (OSError, UnicodeDecodeError) as error:
        st.warning(f"The token file of {name} cannot be read: {error}.", icon=":material/key_off:")
        return None


def _client(settings: WorkbenchSettings, name: str, token: str | None) -> FaceSocialClient:
    """The session's client; a new one when the environment or the token has changed."""
    wanted = (name, token)
    kept: tuple[tuple[str, str | None], FaceSocialClient] | None = st.session_state.get(CLIENT)
    if kept is not None and kept[0] == wanted:
        return kept[1]
    endpoints = settings.deployments[name].endpoints
    client = FaceSocialClient(endpoints, token=token, timeout_s=settings.timeout_s)
    st.session_state[CLIENT] = (wanted, client)
    if kept is not None:
        kept[1].close()
    return client
