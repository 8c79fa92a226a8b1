"""The form that begins a batch run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import streamlit as st

from workbench.components.access import session_access
from workbench.components.bench import Bench
from workbench.components.faces import choose_faces
from workbench.endpoints import LOOPBACK
from workbench.runs.entry import SourceUnreadable
from workbench.runs.manager import RunManager
from workbench.runs.model import MOST_TOGETHER, RunSettings, Source
from workbench.runs.source_folder import readable_folder
from workbench.runs.tasks import TASKS
from workbench.settings import WorkbenchSettings

ZIP = b"PK"
NO_FOLDERS = (
    "The workbench can be reached from other machines, so it reads no folders of its own one. "
    "Set `FACESOCIAL_WORKBENCH_FOLDERS` to those that may be read, such as `[\"/data/pictures\"]`."
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """A source, and what was uploaded for it."""

    source: Source
    files: Sequence[BinaryIO] = ()


def new_run(bench: Bench, manager: RunManager) -> str | None:
    """Draw the form.

    Returns:
        The id of the run that was begun just now; None otherwise.
    """
    kinds = list(_SOURCES)
    kind = st.segmented_control(
        "Pictures from", kinds, default=kinds[0], required=True, key="source", bind="query-params"
    )
    chosen = _SOURCES[kind]()
    settings = _choose_settings()
    access = session_access(bench.environment)
    ready = chosen is not None and settings is not None and access is not None
    pressed = st.button(
        f"Start on {bench.environment}", type="primary", icon=":material/play_arrow:", disabled=not ready
    )
    if not pressed or chosen is None or settings is None or access is None:
        return None
    with st.spinner("Taking over the pictures…"):
        return manager.begin(bench.environment, chosen.source, settings, access, chosen.files)


def _choose_settings() -> RunSettings | None:
    titles = {task.title: task.name for task in TASKS.values()}
    picked = st.pills(
        "What to ask", list(titles), selection_mode="multi", default=[TASKS["detect"].title], key="tasks",
        bind="query-params", help="Choose one, some, or all five",
    )  # fmt: skip
    tasks = tuple(name for title, name in titles.items() if title in picked)
    keep = st.toggle(
        "Keep copies of the pictures until the run is deleted", key="keep_pictures", bind="query-params",
        help="Otherwise each goes when it is answered. Pictures of a folder are never copied.",
    )  # fmt: skip
    with st.expander("Faces and sending", icon=":material/tune:"):
        faces = choose_faces()
        first, second, third = st.columns(3)
        together = first.slider(
            "Pictures a request", 1, MOST_TOGETHER, 8, key="together", bind="query-params"
        )
        at_once = second.slider("Requests at once", 1, 8, 2, key="at_once", bind="query-params")
        minutes = third.slider(
            "Minutes to wait for a service", 1, 120, 10, key="patience", bind="query-params",
            help="Then the run pauses, and can be resumed",
        )  # fmt: skip
        threshold = _choose_threshold() if "liveness" in tasks else None
        embeddings = "embed" in tasks and st.toggle(
            "Keep embeddings",
            key="keep_embeddings",
            help="They tell people apart: keep them as you keep faces",
        )
    if not tasks:
        st.info("Choose what to ask.", icon=":material/checklist:")
        return None
    return RunSettings(
        tasks=tasks, **faces, threshold=threshold, together=together, at_once=at_once,
        patience_s=minutes * 60.0, keep_pictures=keep, keep_embeddings=embeddings,
    )  # fmt: skip


def _choose_threshold() -> float | None:
    if not st.toggle("A threshold of my own for liveness", key="own_threshold", bind="query-params"):
        return None
    return float(st.slider("Live from a score of", 0.0, 1.0, 0.5, 0.05, key="live_from", bind="query-params"))


def _uploads() -> Chosen | None:
    files = st.file_uploader(
        "Pictures, or one ZIP", accept_multiple_files=True, key="run upload",
        help="JPEG, PNG, WebP or BMP, up to 20 MB each; a ZIP up to 500 MB",
    )  # fmt: skip
    if not files:
        return None
    zips = [file for file in files if file.read(2) == ZIP]
    for file in files:
        file.seek(0)
    if not zips:
        names = tuple(file.name for file in files)
        return Chosen(Source(kind="pictures", title=f"{len(files)} pictures", names=names), files)
    if len(files) > 1:
        st.warning("Choose one ZIP file, or pictures; not both.", icon=":material/folder_zip:")
        return None
    return Chosen(Source(kind="zip", title=files[0].name, names=(files[0].name,)), files)


def _folder() -> Chosen | None:
    roots = readable_roots()
    if not roots:
        st.info(NO_FOLDERS, icon=":material/folder_off:")
        return None
    text = st.text_input("Folder", key="folder", placeholder="/data/pictures", help="With the folders in it")
    if not text.strip():
        return None
    try:
        folder = readable_folder(text.strip(), roots)
    except SourceUnreadable as error:
        st.error(str(error), icon=":material/folder_off:")
        return None
    return Chosen(Source(kind="folder", title=folder.name or str(folder), folder=str(folder)))


def readable_roots() -> Sequence[Path]:
    """Folders below which the workbench may read; none where others reach it and the settings name none."""
    given = WorkbenchSettings().folders
    return given or ([Path("/")] if st.get_option("server.address") in LOOPBACK else [])


def _video() -> Chosen | None:
    left, right = st.columns([3, 2])
    file = left.file_uploader("A video", key="run video", help="MP4, MOV, AVI, WebM or MKV, up to 500 MB")
    fps = right.slider("Frames a second", 0.5, 30.0, 2.0, 0.5, key="fps", bind="query-params")
    if file is None:
        return None
    return Chosen(Source(kind="video", title=file.name, names=(file.name,), fps=fps), [file])


_SOURCES = {"Upload": _uploads, "Folder": _folder, "Video": _video}
