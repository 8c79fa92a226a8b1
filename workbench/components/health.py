"""How the services are, beside every view."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import streamlit as st

from bentos.contracts import Health
from workbench.client import ClientError, ConnectionFailed, FaceSocialClient, NotConfigured

EVERY_S = 15

LINES = {
    "ok": ":green[:material/check_circle:] **{title}** is ready",
    "starting": ":orange[:material/hourglass_top:] **{title}** is starting",
    "degraded": ":orange[:material/warning:] **{title}** works without a part of it",
}


@st.fragment(run_every=EVERY_S)
def show_health(client: FaceSocialClient, services: Sequence[str]) -> None:
    """One line a service, asked anew every few seconds without disturbing the view."""
    st.subheader("Services", anchor=False)
    with ThreadPoolExecutor(max_workers=len(services)) as threads:
        found = list(threads.map(lambda service: _health(client, service), services))
    for service, health in zip(services, found, strict=True):
        st.markdown(health_line(service, health))


def health_line(service: str, health: Health | ClientError) -> str:
    """What is said of a service; told apart by icon and words, not by colour alone."""
    title = title_of(service)
    if isinstance(health, NotConfigured):
        return f":material/block: **{title}** has no address here"
    if isinstance(health, ConnectionFailed):
        return f":red[:material/cancel:] **{title}** does not answer  \n`{health.address}`"
    if isinstance(health, ClientError):
        return f":red[:material/cancel:] **{title}**: {health.message}"
    line = LINES[health.status].format(title=title)
    down = sorted(name for name, state in health.dependencies.items() if state != "ok")
    return f"{line}  \nversion {health.version}" + (f", without {', '.join(down)}" if down else "")


def title_of(service: str) -> str:
    """A service's name for people: ``face-detection-service`` is Face detection."""
    return service.removesuffix("-service").replace("-", " ").capitalize()


def _health(client: FaceSocialClient, service: str) -> Health | ClientError:
    try:
        return client.health(service)
    except ClientError as error:
        return error
