"""Choosing many pictures for one session: drawn samples, an upload, or a folder of this machine."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from workbench.components.new_run import NO_FOLDERS, ZIP, readable_roots
from workbench.components.picture import SAMPLES, sample
from workbench.runs.entry import Entry, SourceUnreadable
from workbench.runs.source_folder import folder_entries, readable_folder
from workbench.runs.source_zip import zip_entries


@dataclass(frozen=True, slots=True)
class Pile:
    """A source that nobody has read yet.

    Attributes:
        title: What people call it.
        entries: Reads it; raises SourceUnreadable.
    """

    title: str
    entries: Callable[[], Iterable[Entry]]


def choose_pile(key: str, *, samples: bool = True, hint: str = "") -> Pile | None:
    """Draw the choice; None as long as nothing is chosen.

    Args:
        key: Tells choices of different pages apart; the link carries the kind of source.
        samples: Whether the drawn samples are offered.
        hint: What the upload is to hold.
    """
    kinds = {**({"Samples": _samples} if samples else {}), "Upload": _upload, "Folder": _folder}
    kind = st.segmented_control(
        "Pictures from", list(kinds), default=next(iter(kinds)), required=True, key=f"{key} source",
        bind="query-params",
    )  # fmt: skip
    return kinds[kind](key, hint)


def _samples(key: str, hint: str) -> Pile:
    st.caption("Three drawn pictures: two with faces, one without.")
    return Pile("samples", lambda: [Entry(f"{name.lower()}.jpg", sample(name).data) for name in SAMPLES])


def _upload(key: str, hint: str) -> Pile | None:
    files = st.file_uploader(
        hint or "Pictures, or one ZIP", accept_multiple_files=True, key=f"{key} upload",
        help="JPEG, PNG, WebP or BMP, up to 20 MB each; they stay in this session",
    )  # fmt: skip
    if not files:
        return None
    zips = [file for file in files if file.getbuffer()[:2] == ZIP]
    if not zips:
        return Pile(f"{len(files)} pictures", lambda: [Entry(file.name, file.getvalue()) for file in files])
    if len(files) > 1:
        st.warning("Choose one ZIP file, or pictures; not both.", icon=":material/folder_zip:")
        return None
    return Pile(files[0].name, lambda: _unpacked(files[0]))


def _unpacked(file: Any) -> Iterator[Entry]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(file.getbuffer())
        yield from zip_entries(path)


def _folder(key: str, hint: str) -> Pile | None:
    roots = readable_roots()
    if not roots:
        st.info(NO_FOLDERS, icon=":material/folder_off:")
        return None
    text = st.text_input("Folder", key=f"{key} folder", placeholder="/data/pictures").strip()
    if not text:
        return None
    try:
        folder = readable_folder(text, roots)
    except SourceUnreadable as error:
        st.error(str(error), icon=":material/folder_off:")
        return None
    return Pile(folder.name or str(folder), lambda: folder_entries(folder))
