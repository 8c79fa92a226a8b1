"""Galleries: options and answers of collections, subjects, enrolment and identification."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from bentos.contracts.base import Message
from bentos.contracts.face import Face, Quality
from bentos.contracts.options import FaceOptions, FaceSelection, from_form

MAX_METADATA_BYTES = 16_384
NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"


def _collection_name(value: str) -> str:
    if not re.fullmatch(NAME_PATTERN, value, re.ASCII):
        raise ValueError(
            "must be 1 to 100 letters, digits, dots, dashes and underscores, the first one a letter or a digit"
        )
    return value


def _subject_name(value: str) -> str:
    if not value.isprintable() or "/" in value or value != value.strip() or value in (".", ".."):
        raise ValueError("must be printable, without slashes and without blanks at its ends")
    return value


def _plain_json(value: dict[str, Any]) -> dict[str, Any]:
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
    except (ValueError, TypeError, RecursionError):
        raise ValueError("holds what JSON cannot carry (NaN, an infinity, half a character)") from None
    if size > MAX_METADATA_BYTES:
        raise ValueError(f"is larger than {MAX_METADATA_BYTES:,} bytes")
    return value


def _list_of_names(value: Any) -> Any:
    """The repeated form field, one JSON list, or a single name."""
    if isinstance(value, str):
        return from_form(value) if value.lstrip().startswith("[") else [value]
    return value


CollectionName = Annotated[
    str,
    AfterValidator(_collection_name),
    Field(
        description="1 to 100 letters, digits, dots, dashes and underscores, the first one a letter or a digit.",
        json_schema_extra={"pattern": f"^{NAME_PATTERN}$"},
    ),
]
SubjectName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_subject_name)]
Metadata = Annotated[
    dict[str, Any],
    BeforeValidator(from_form),
    AfterValidator(_plain_json),
    Field(description=f"A JSON object of at most {MAX_METADATA_BYTES:,} bytes, returned as it was sent."),
]
SubjectNames = Annotated[list[SubjectName], BeforeValidator(_list_of_names), Field(min_length=1)]


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class CollectionOptions(_Options):
    """``POST /collections``."""

    name: CollectionName


class PageOptions(_Options):
    """Which part of a listing."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    cursor: str | None = None


class EnrolOptions(FaceOptions):
    """``POST /collections/{name}/subjects``: exactly one face has to be left after the selection."""

    subject_id: SubjectName
    metadata: Metadata | None = None


class BatchEnrolOptions(FaceSelection):
    """``POST /collections/{name}/batch``: a subject for each image, in the same order."""

    subject_ids: SubjectNames


class IdentifyOptions(FaceOptions):
    """``POST /collections/{name}/identify``."""

    top_k: Annotated[int, Field(ge=1, le=100, description="At most so many subjects a face.")] = 5
    far: Annotated[
        float, Field(gt=0.0, le=1.0, description="Accepted rate of false matches of one comparison.")
    ] = 0.001


class CollectionInfo(Message):
    """A collection; ``current`` says whether the running model made its embeddings."""

    name: str
    created_at: datetime
    subjects: int
    faces: int
    model: str
    model_version: str
    model_digest: str
    dimension: int
    current: bool


class CollectionPage(Message):
    """Collections by name; ``next_cursor`` is null on the last page."""

    collections: list[CollectionInfo]
    next_cursor: str | None


class SubjectInfo(Message):
    """A subject in a listing."""

    subject_id: str
    metadata: dict[str, Any]
    faces: int
    created_at: datetime


class SubjectPage(Message):
    """Subjects in the order of enrolment; ``next_cursor`` is null on the last page."""

    subjects: list[SubjectInfo]
    next_cursor: str | None


class FaceInfo(Message):
    """An enrolled face; ``image_digest`` is the SHA-256 of the picture that it came from, where one was sent."""

    face_id: str
    quality: Quality
    image_digest: str | None
    created_at: datetime


class SubjectDetail(Message):
    """A subject and its faces."""

    subject_id: str
    metadata: dict[str, Any]
    created_at: datetime
    faces: list[FaceInfo]


class Duplicate(Message):
    """A face of another subject that looks like the one just enrolled."""

    subject_id: str
    face_id: str
    similarity: float


class Enrolled(Message):
    """The face that was added; ``duplicates`` is a hint for a person, and nothing was refused for it."""

    subject_id: str
    face_id: str
    quality: Quality
    duplicates: list[Duplicate] = Field(default_factory=list)


class Erased(Message):
    """How much is gone from every store."""

    collections: int = 0
    subjects: int
    faces: int


class Match(Message):
    """A subject that a face may be: its most similar face, best first."""

    subject_id: str
    face_id: str
    similarity: float
    metadata: dict[str, Any]


class IdentifiedFace(Face):
    """A face and who it may be; nobody is an empty list."""

    matches: list[Match]


class IdentifyResult(Message):
    """Faces, best score first; matches are at or above ``threshold``."""

    faces: list[IdentifiedFace]
    threshold: float


class Imported(Message):
    """What came in; ``skipped`` faces were there already."""

    subjects: int
    faces: int
    skipped: int


class GalleryFindings(Message):
    """Where the vector index and the kept pictures differ from the database."""

    faces: int
    vectors: int
    pending: int
    missing: int
    surplus: int
    pictures_missing: int
    pictures_surplus: int
    outdated: int
    clean: bool


class ReindexReport(Message):
    """Faces that the running model embedded again, and subjects whose pictures were not kept."""

    collections: int
    faces: int
    enrol_again: dict[str, list[str]]
