"""What a run is: its settings, where its pictures come from, and how far each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MOST_TOGETHER = 64
"""Pictures that the contract's batch operations take."""


class ItemState(StrEnum):
    """How far a picture is. The last three are its end, and it has exactly one of them."""

    WAITING = "waiting"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class Wanted(StrEnum):
    """What people want of a run."""

    RUN = "run"
    PAUSE = "pause"
    CANCEL = "cancel"
    OVER = "over"
    DELETE = "delete"


class RunSettings(BaseModel):
    """How pictures are sent.

    Attributes:
        tasks: Names in ``workbench.runs.tasks.TASKS``, each once.
        min_score: Faces below this score are left out.
        min_size: Faces whose shorter side is below this many pixels are left out.
        max_faces: At most this many faces of a picture; 0 for all.
        threshold: Live at or above this score; None for the model card's.
        together: Pictures of one request.
        at_once: Requests under way at the same time.
        patience_s: Seconds that a run waits for a service that does not answer before it stops to wait for people.
        keep_pictures: Whether copies of the pictures stay until the run is deleted.
        keep_embeddings: Whether embeddings are kept; they tell people apart.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tasks: Annotated[tuple[str, ...], Field(min_length=1)] = ("detect",)
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.6
    min_size: Annotated[float, Field(ge=0)] = 0.0
    max_faces: Annotated[int, Field(ge=0)] = 0
    threshold: Annotated[float | None, Field(ge=0, le=1)] = None
    together: Annotated[int, Field(ge=1, le=MOST_TOGETHER)] = 8
    at_once: Annotated[int, Field(ge=1, le=16)] = 2
    patience_s: Annotated[float, Field(gt=0)] = 600.0
    keep_pictures: bool = False
    keep_embeddings: bool = False


class Source(BaseModel):
    """Where the pictures come from.

    Attributes:
        kind: What was given.
        title: What people call it.
        folder: The folder itself; None where a copy lies in the run's own folder.
        names: Names of the copied files, in order.
        fps: Frames a second that are taken out of a video.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["folder", "zip", "pictures", "video"]
    title: str
    folder: str | None = None
    names: tuple[str, ...] = ()
    fps: Annotated[float, Field(ge=0.1, le=60)] = 2.0


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is kept; times are seconds since 1970.

    Attributes:
        reason: Why it does not go on, in words; empty where nothing is wrong.
        read: Whether all pictures of the source are among its items.
        revision: Grows with each change of an item.
    """

    run_id: str
    environment: str
    source: Source
    settings: RunSettings
    wanted: Wanted
    reason: str
    read: bool
    created_at: float
    ended_at: float | None
    revision: int


@dataclass(frozen=True, slots=True)
class Item:
    """A picture of a run; ``path`` where it lies in a folder that is not the run's own."""

    number: int
    name: str
    digest: str | None
    path: str | None
    state: ItemState
    reason: str


@dataclass(frozen=True, slots=True)
class Unit:
    """What one request asks: pictures and a task."""

    task: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back for one picture and task: ``data`` as JSON, or a code and a message.

    Attributes:
        models: JSON of the models that answered.
        latency_ms: From sending the request to having read its answer.
        service_ms: What the service itself needed.
        together: Pictures of that request.
    """

    number: int
    task: str
    data: str | None = None
    code: str | None = None
    message: str | None = None
    request_id: str | None = None
    models: str = "[]"
    latency_ms: float | None = None
    service_ms: float | None = None
    together: int = 1
