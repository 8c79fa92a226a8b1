"""The button that logs an evaluation to MLflow, and the files to take away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from workbench.comparing.asking import Asking
from workbench.comparing.summary import csv_of
from workbench.evaluating.cases import Case
from workbench.evaluating.labelled import LabelledSet
from workbench.evaluating.mlflow import EvaluationLog, LoggingFailed
from workbench.evaluating.report import case_table, group_table
from workbench.settings import WorkbenchSettings

UNSET = "Set `FACESOCIAL_WORKBENCH_REGISTRY_URI` to the address of an MLflow server to log evaluations."


def show_log(
    environment: str,
    labelled: LabelledSet,
    asking: Asking,
    cases: Sequence[Case],
    figures: Mapping[str, float],
) -> None:
    """Draw both."""
    threshold = figures.get("threshold", 0.5)
    files = {"cases.csv": csv_of(case_table(labelled.kind, cases, threshold))}
    groups = group_table(labelled.kind, cases, threshold)
    if not groups.empty:
        files["groups.csv"] = csv_of(groups)
    row = st.container(horizontal=True)
    for name, data in files.items():
        row.download_button(name, data, name, "text/csv", icon=":material/download:", on_click="ignore")
    settings = WorkbenchSettings()
    pressed = row.button("Log to MLflow", icon=":material/upload:", disabled=not settings.registry_uri)
    if not settings.registry_uri:
        st.caption(UNSET)
    elif pressed:
        _log(
            settings,
            f"{labelled.title} on {environment}",
            _parameters(environment, labelled, asking),
            figures,
            files,
        )


def _parameters(environment: str, labelled: LabelledSet, asking: Asking) -> dict[str, str]:
    models = {f"model.{model.task}": f"{model.name} {model.version}" for model in asking.models}
    faces = asking.settings.model_dump(include={"min_score", "min_size", "max_faces"})
    return {
        "environment": environment,
        "set": labelled.title,
        "kind": labelled.kind,
        "pictures": str(len(labelled.shots)),
        **{name: str(value) for name, value in faces.items()},
        **models,
    }


def _log(
    settings: WorkbenchSettings,
    name: str,
    parameters: Mapping[str, str],
    figures: Mapping[str, float],
    files: Mapping[str, bytes],
) -> None:
    token = settings.registry_token.get_secret_value() if settings.registry_token else None
    try:
        with st.spinner("Logging…"), EvaluationLog(settings.registry_uri or "", token) as log:
            logged = log.log(name, parameters, figures, files)
    except LoggingFailed as error:
        st.error(str(error), icon=":material/error:")
        return
    tables = "" if logged.kept else " The server takes no artefacts: the tables did not go with it."
    st.success(f"Logged as [run {logged.run_id}]({logged.address}).{tables}", icon=":material/check_circle:")
