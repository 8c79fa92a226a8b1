"""A collection as NDJSON: a head, a line for each subject and each face, and an end that counts them.

Embeddings are base64 of float32, little-endian: bit for bit the same after a round trip.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bentos.common.errors import InvalidRequest
from bentos.contracts import Metadata, Quality, SubjectName

UNIT_TOLERANCE = 1e-3


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Head(_Line):
    """The first line: what the embeddings are."""

    type: Literal["collection"] = "collection"
    format: Literal["facesocial-gallery-1"] = "facesocial-gallery-1"
    name: str
    model: str
    model_version: str
    model_digest: str
    dimension: Annotated[int, Field(ge=1, le=32_768)]


class SubjectLine(_Line):
    """A subject; its faces follow anywhere behind it."""

    type: Literal["subject"] = "subject"
    subject_id: SubjectName
    metadata: Metadata
    created_at: AwareDatetime


class FaceLine(_Line):
    """A face of a subject."""

    type: Literal["face"] = "face"
    subject_id: str
    face_id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
    embedding: str
    quality: Quality
    created_at: AwareDatetime

    def vector(self, dimension: int) -> bytes:
        """The embedding as it is stored.

        Raises:
            ValueError: Not base64, of another dimension, or not of L2 norm 1.
        """
        try:
            data = base64.b64decode(self.embedding, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("the embedding is not base64") from None
        if len(data) != 4 * dimension:
            raise ValueError(f"the embedding has {len(data) / 4:g} numbers, not {dimension}")
        norm = float(np.linalg.norm(np.frombuffer(data, "<f4").astype(np.float64)))
        if not abs(norm - 1) <= UNIT_TOLERANCE:
            raise ValueError(f"the embedding has an L2 norm of {norm:.4g}, not 1")
        return data


class End(_Line):
    """The last line: without it a file that was cut off would look whole."""

    type: Literal["end"] = "end"
    subjects: int
    faces: int


Line = Annotated[Head | SubjectLine | FaceLine | End, Field(discriminator="type")]
_LINE: TypeAdapter[Head | SubjectLine | FaceLine | End] = TypeAdapter(Line)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole file: who is in it, and each face with its stored embedding."""

    head: Head
    subjects: dict[str, SubjectLine]
    faces: list[tuple[FaceLine, bytes]]


def encode(data: bytes) -> str:
    """A stored embedding as it stands in a line."""
    return base64.b64encode(data).decode()


def dump(line: BaseModel) -> bytes:
    """A line with its end."""
    return line.model_dump_json().encode() + b"\n"


def parse(lines: Iterable[bytes]) -> Parsed:
    """Read a whole file before anything of it is written.

    Raises:
        InvalidRequest: A line does not fit; the message says which one and why.
    """
    numbered = _numbered(lines)
    number, head = next(numbered, (1, None))
    if not isinstance(head, Head):
        raise _fault(number, "the first line must be of type `collection`, as an export writes it")
    subjects: dict[str, SubjectLine] = {}
    faces: dict[str, tuple[FaceLine, bytes]] = {}
    ended = False
    for number, line in numbered:
        if ended or isinstance(line, Head):
            raise _fault(number, "nothing may follow the end" if ended else "a second head")
        if isinstance(line, End):
            ended = _check_end(number, line, len(subjects), len(faces))
        elif isinstance(line, SubjectLine):
            _add(number, subjects, line.subject_id, line)
        else:
            if line.subject_id not in subjects:
                raise _fault(number, f"a face of `{line.subject_id}`, who is in no line before")
            _add(number, faces, line.face_id, (line, _vector(number, line, head.dimension)))
    if not ended:
        raise _fault(number, "the file was cut off: there is no line of type `end`")
    return Parsed(head, subjects, list(faces.values()))


def _numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, Head | SubjectLine | FaceLine | End]]:
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            yield number, _LINE.validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise _fault(number, f"{where}: {first['msg']}" if where else first["msg"]) from None


def _add(number: int, known: dict[str, Any], key: str, value: object) -> None:
    if key in known:
        raise _fault(number, f"`{key}` stands there twice")
    known[key] = value


def _vector(number: int, line: FaceLine, dimension: int) -> bytes:
    try:
        return line.vector(dimension)
    except ValueError as error:
        raise _fault(number, str(error)) from None


def _check_end(number: int, end: End, subjects: int, faces: int) -> bool:
    if (end.subjects, end.faces) != (subjects, faces):
        raise _fault(
            number,
            f"the end counts {end.subjects} subjects and {end.faces} faces; there are {subjects} and {faces}",
        )
    return True


def _fault(number: int, reason: str) -> InvalidRequest:
    return InvalidRequest(f"Line {number}: {reason}.", {"line": number})
