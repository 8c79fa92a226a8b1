"""What came of a run: filters, a table with thumbnails, how long it took, and files to take away."""

from __future__ import annotations

import base64
import io

import pandas as pd
import streamlit as st
from PIL import Image, ImageOps

from workbench.runs.choice import Choice, chosen, summary
from workbench.runs.latency import histogram, quantiles, requests_of
from workbench.runs.manager import RunManager
from workbench.runs.model import Item, ItemState, Run
from workbench.runs.pictures import PictureGone
from workbench.runs.table import COLUMNS, as_csv, as_parquet, face_table
from workbench.runs.tasks import TASKS

PAGE = 50
THUMBNAIL = 96
ITEM = "item"


def show_results(manager: RunManager, run: Run) -> list[int]:
    """Draw the results so far.

    Returns:
        Numbers of the pictures that the filters leave, in order.
    """
    items, table, rows = _tables(manager, run.run_id, run.revision)
    if rows.empty:
        st.caption("Nothing is read yet.")
        return []
    choice = _filters(table, rows)
    left = chosen(table, rows, choice)
    st.caption(f"{len(left):,} of {len(rows):,} pictures. Choose a row to look at it closely.")
    if left.empty:
        st.info("No picture is left by these filters.", icon=":material/filter_alt_off:")
    else:
        _show_table(manager, run, left, items)
    numbers = [int(number) for number in left["number"]]
    _show_latency(table)
    _downloads(run, table[table["number"].isin(numbers)])
    return numbers


@st.cache_data(max_entries=4, show_spinner=False)
def _tables(
    _manager: RunManager, run_id: str, revision: int
) -> tuple[dict[int, Item], pd.DataFrame, pd.DataFrame]:
    items, answers = _manager.overview.results(run_id)
    table = face_table(items, answers)
    return {item.number: item for item in items}, table, summary(items, table)


def _filters(table: pd.DataFrame, rows: pd.DataFrame) -> Choice:
    left, right = st.columns([3, 2])
    states = left.pills(
        "State", [str(state) for state in ItemState], selection_mode="multi", key="state", bind="query-params"
    )
    text = right.text_input(
        "Text", key="text", bind="query-params", placeholder="name, digest, reason, error code, request id"
    )
    said = sorted(table["verdict"].dropna().unique())
    first, second, third = st.columns(3)
    verdicts = first.multiselect("Said of a face", said, key="said") if said else []
    scores = (0.0, 1.0)
    if said:
        scores = second.slider(
            "Score of a verdict", 0.0, 1.0, (0.0, 1.0), 0.01, key="scores", bind="query-params"
        )
    most = int(rows["faces"].max())
    faces = (0, 0)
    if most:
        low, high = third.slider("Number of faces", 0, most, (0, most), key=f"faces up to {most}")
        faces = (0, 0) if (low, high) == (0, most) else (low, high)
    return Choice(tuple(states), tuple(verdicts), scores, faces, text.strip())


def _show_table(manager: RunManager, run: Run, left: pd.DataFrame, items: dict[int, Item]) -> None:
    pages = (len(left) + PAGE - 1) // PAGE
    page = st.pagination(pages, key=f"page of {pages}") if pages > 1 else 1
    part = left.iloc[(page - 1) * PAGE : page * PAGE]
    pictures = [_thumbnail(manager, run.run_id, items[int(number)]) for number in part["number"]]
    shown = part.assign(thumbnail=pd.Series(pictures, part.index, dtype="object"))
    names = [
        "number",
        *(["thumbnail"] if any(pictures) else []),
        "picture",
        "state",
        "faces",
        "said",
        "ms",
        "why",
    ]
    picked = st.dataframe(
        shown[names],
        hide_index=True,
        key=f"results {page} {len(left)}",
        on_select="rerun",
        selection_mode="single-row",
        row_height=56 if any(pictures) else None,
        column_config={
            "number": st.column_config.NumberColumn("#", width=56, pinned=True),
            "thumbnail": st.column_config.ImageColumn("", width=76),
            "picture": st.column_config.TextColumn("Picture", width="medium"),
            "state": st.column_config.TextColumn("State", width=80),
            "faces": st.column_config.NumberColumn("Faces", width=64),
            "said": st.column_config.TextColumn("Said", width="medium"),
            "ms": st.column_config.NumberColumn("Slowest request", format="%.0f ms", width=110),
            "why": st.column_config.TextColumn("Why not", width="large"),
        },
        alt=f"{len(part)} pictures and what became of them",
    )
    _open(part, picked["selection"]["rows"])


def _open(part: pd.DataFrame, picked: list[int]) -> None:
    """A click opens a picture once; afterwards the keys move on from it."""
    number = str(part.iloc[picked[0]]["number"]) if picked and picked[0] < len(part) else None
    if number is not None and number != st.session_state.get("picked row"):
        st.query_params[ITEM] = number
    st.session_state["picked row"] = number


def _thumbnail(manager: RunManager, run_id: str, item: Item) -> str | None:
    if item.digest is None:
        return None
    try:
        return _thumbnail_of(item.digest, manager.pictures(run_id).get(item))
    except PictureGone:
        return None


def _thumbnail_of(digest: str, data: bytes) -> str | None:
    kept: dict[str, str | None] = st.session_state.setdefault("thumbnails", {})
    if digest not in kept:
        if len(kept) > 40 * PAGE:
            kept.clear()
        kept[digest] = thumbnail(data)
    return kept[digest]


def thumbnail(data: bytes) -> str | None:
    """A small upright picture as a data address; None where it cannot be read."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.draft("RGB", (2 * THUMBNAIL, 2 * THUMBNAIL))
            image.thumbnail((THUMBNAIL, THUMBNAIL))
            small = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _show_latency(table: pd.DataFrame) -> None:
    requests = requests_of(table)
    if requests.empty:
        return
    with st.expander("How long requests took", icon=":material/timer:"):
        numbers = st.column_config.NumberColumn
        st.dataframe(
            quantiles(requests),
            hide_index=True,
            column_config={name: numbers(format="%.0f ms") for name in ("p50", "p95", "p99")},
            alt="Requests and their latency by task",
        )
        for task, part in requests.groupby("task", sort=False):
            st.markdown(f"**{TASKS[str(task)].title}**")
            st.vega_lite_chart(part, histogram(str(task)), key=f"latency of {task}")


def _downloads(run: Run, table: pd.DataFrame) -> None:
    row = st.container(horizontal=True)
    name = f"run-{run.run_id}"
    row.download_button("CSV", lambda: as_csv(table), f"{name}.csv", "text/csv", icon=":material/download:")
    row.download_button(
        "Parquet", lambda: as_parquet(table), f"{name}.parquet", "application/vnd.apache.parquet",
        icon=":material/download:",
    )  # fmt: skip
    with st.expander("What the columns of these files say", icon=":material/help:"):
        st.caption("One row a face and task; a picture without a face has one row too. Filters apply.")
        st.markdown("\n".join(f"- `{column}`: {text}" for column, text in COLUMNS.items()))
