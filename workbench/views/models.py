"""What the services answer with, and what the registry holds."""

from __future__ import annotations

import streamlit as st

from workbench.components.bench import Bench
from workbench.components.deeds import show_deeds
from workbench.components.health import title_of
from workbench.components.served import show_served
from workbench.components.versions import show_version, show_versions
from workbench.registry.client import RegistryFailed, RegistryReader
from workbench.registry.model import TASKS
from workbench.settings import WorkbenchSettings

UNSET = (
    "**No registry is set.** Name an MLflow server in `FACESOCIAL_WORKBENCH_REGISTRY_URI`, and its token, if it "
    "asks for one, in `FACESOCIAL_WORKBENCH_REGISTRY_TOKEN`."
)


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Models", anchor=False)
    task = st.pills(
        "Task", TASKS, default=TASKS[0], required=True, format_func=title_of, key="task", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    task = task or TASKS[0]
    st.subheader("In the registry", anchor=False)
    settings = WorkbenchSettings()
    if settings.registry_uri is None:
        st.info(UNSET, icon=":material/inventory_2:")
    else:
        try:
            _show_registry(bench, settings, settings.registry_uri, task)
        except RegistryFailed as error:
            st.error(f"**The registry cannot be read.** {error.message}", icon=":material/error:")
            st.button("Try again", key="registry again", icon=":material/refresh:")
    st.subheader(f"Served in {bench.environment}", anchor=False)
    show_served(bench.client, f"{task}-service")


def _show_registry(bench: Bench, settings: WorkbenchSettings, uri: str, task: str) -> None:
    token = settings.registry_token
    with RegistryReader(uri, token.get_secret_value() if token else None) as reader:
        versions = reader.versions(task)
        if not versions:
            st.info(
                f"**Nothing is registered for {title_of(task).lower()}.** `facesocial model register FOLDER` does it.",
                icon=":material/inventory_2:",
            )
            return
        show_versions(versions)
        number = st.selectbox("Version", [one.number for one in versions], key=f"version of {task}")
        show_version(reader, next(one for one in versions if one.number == number))
    show_deeds(bench, settings, task, versions)
