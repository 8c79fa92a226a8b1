"""Collections, who is in them, and who a face may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from bentos.contracts import (
    BatchEnrolOptions,
    BatchResult,
    CollectionInfo,
    CollectionOptions,
    CollectionPage,
    Enrolled,
    EnrolOptions,
    Erased,
    FaceOptions,
    FaceSelection,
    GalleryFindings,
    IdentifyOptions,
    IdentifyResult,
    Imported,
    PageOptions,
    ReindexReport,
    SubjectDetail,
    SubjectName,
    SubjectPage,
    Success,
)
from workbench.calls.call import LONG_S, RECOGNITION, Call, form_fields, new_key, segment

T = TypeVar("T")
_SUBJECT: TypeAdapter[str] = TypeAdapter(SubjectName)


class _Typed(BaseModel):
    """The part of an export's line that says what it is."""

    type: str


def create(name: str, *, key: str | None = None) -> Call[Success[CollectionInfo]]:
    """Make a collection (operators): 1 to 100 letters, digits, dots, dashes and underscores."""
    fields = form_fields(CollectionOptions(name=name))
    read = Success[CollectionInfo].model_validate_json
    return Call(RECOGNITION, "POST", "collections", read, fields=fields, key=new_key(key))


def collections(limit: int = 100, cursor: str | None = None) -> Call[Success[CollectionPage]]:
    """One page of the tenant's collections, by name; ``iter_collections`` goes through all."""
    return _page("collections", Success[CollectionPage].model_validate_json, limit, cursor)


def collection(name: str) -> Call[Success[CollectionInfo]]:
    """One collection, with how many it holds and whose model made its embeddings."""
    return Call(RECOGNITION, "GET", _place(name), Success[CollectionInfo].model_validate_json)


def delete(name: str, *, key: str | None = None) -> Call[Success[Erased]]:
    """Erase a collection with everybody in it (administrators)."""
    return _erasure(_place(name), key)


def subjects(name: str, limit: int = 100, cursor: str | None = None) -> Call[Success[SubjectPage]]:
    """One page of who is in a collection, in the order of enrolment; ``iter_subjects`` goes through all."""
    return _page(f"{_place(name)}/subjects", Success[SubjectPage].model_validate_json, limit, cursor)


def subject(name: str, subject_id: str) -> Call[Success[SubjectDetail]]:
    """A subject with its metadata and its faces."""
    return Call(RECOGNITION, "GET", _place(name, subject_id), Success[SubjectDetail].model_validate_json)


def delete_subject(name: str, subject_id: str, *, key: str | None = None) -> Call[Success[Erased]]:
    """Erase a subject with all its faces from every store (operators)."""
    return _erasure(_place(name, subject_id), key)


def delete_face(name: str, subject_id: str, face_id: str, *, key: str | None = None) -> Call[Success[Erased]]:
    """Erase one face of a subject from every store (operators)."""
    return _erasure(f"{_place(name, subject_id)}/faces/{segment(face_id)}", key)


def enrol(
    name: str,
    subject_id: str,
    image: bytes,
    *,
    metadata: Mapping[str, Any] | None = None,
    options: FaceOptions | None = None,
    key: str | None = None,
) -> Call[Success[Enrolled]]:
    """Add the one face of an image to a subject (operators); the subject is made where there is none."""
    chosen = (options or FaceOptions()).model_dump()
    wanted = EnrolOptions(
        **chosen, subject_id=subject_id, metadata=None if metadata is None else dict(metadata)
    )
    return Call(
        RECOGNITION,
        "POST",
        f"{_place(name)}/subjects",
        Success[Enrolled].model_validate_json,
        files=[("image", image)],
        fields=form_fields(wanted),
        key=new_key(key),
    )


def enrol_batch(
    name: str,
    people: Sequence[tuple[str, bytes]],
    options: FaceSelection | None = None,
    *,
    key: str | None = None,
) -> Call[Success[BatchResult[Enrolled]]]:
    """Add 1 to 64 faces, each given as subject and image; each has its own result or error (operators)."""
    chosen = (options or FaceSelection()).model_dump()
    wanted = BatchEnrolOptions(**chosen, subject_ids=[subject_id for subject_id, _ in people])
    return Call(
        RECOGNITION,
        "POST",
        f"{_place(name)}/batch",
        Success[BatchResult[Enrolled]].model_validate_json,
        files=[("images", image) for _, image in people],
        fields=form_fields(wanted),
        key=new_key(key),
        timeout_s=LONG_S,
    )


def identify(
    name: str, image: bytes, options: IdentifyOptions | None = None
) -> Call[Success[IdentifyResult]]:
    """Who of a collection each face of an image may be; nobody is an empty list of matches."""
    fields = form_fields(options or IdentifyOptions())
    read = Success[IdentifyResult].model_validate_json
    return Call(
        RECOGNITION, "POST", f"{_place(name)}/identify", read, files=[("image", image)], fields=fields
    )


def export(name: str) -> Call[bytes]:
    """A collection as lines of JSON, embeddings included, each with its line break (operators)."""
    return Call(RECOGNITION, "GET", f"{_place(name)}/export", bytes, timeout_s=LONG_S)


def ends_export(line: bytes) -> bool:
    """Whether it is the last line of a whole export."""
    try:
        return _Typed.model_validate_json(line).type == "end"
    except ValidationError:
        return False


def import_lines(name: str, lines: bytes, *, key: str | None = None) -> Call[Success[Imported]]:
    """Bring in what ``export`` took out (operators): all or nothing; what is there already is skipped."""
    return Call(
        RECOGNITION,
        "POST",
        f"{_place(name)}/import",
        Success[Imported].model_validate_json,
        lines=lines,
        key=new_key(key),
        timeout_s=LONG_S,
    )


def reindex(*, key: str | None = None) -> Call[Success[ReindexReport]]:
    """Embed kept pictures of all collections with the running model (administrators)."""
    return _upkeep("reindex", Success[ReindexReport].model_validate_json, key)


def preview_reindex(*, key: str | None = None) -> Call[Success[ReindexReport]]:
    """What ``reindex`` would do (administrators)."""
    return _upkeep("reindex/preview", Success[ReindexReport].model_validate_json, key)


def check_index(*, key: str | None = None) -> Call[Success[GalleryFindings]]:
    """Where the vector index differs from the database (administrators)."""
    return _upkeep("verify", Success[GalleryFindings].model_validate_json, key)


def rebuild_index(*, key: str | None = None) -> Call[Success[GalleryFindings]]:
    """Make the vector index anew from the database (administrators)."""
    return _upkeep("rebuild", Success[GalleryFindings].model_validate_json, key)


def purge(*, key: str | None = None) -> Call[Success[GalleryFindings]]:
    """Let nothing erased stay in any file of the index (administrators)."""
    return _upkeep("purge", Success[GalleryFindings].model_validate_json, key)


def _place(name: str, subject_id: str | None = None) -> str:
    """Path of a collection or a subject; a name that the contract does not allow raises ValueError."""
    path = f"collections/{segment(CollectionOptions(name=name).name)}"
    return path if subject_id is None else f"{path}/subjects/{segment(_SUBJECT.validate_python(subject_id))}"


def _page(path: str, read: Callable[[bytes], T], limit: int, cursor: str | None) -> Call[T]:
    query = form_fields(PageOptions(limit=limit, cursor=cursor))
    return Call(RECOGNITION, "GET", path, read, query=query)


def _erasure(path: str, key: str | None) -> Call[Success[Erased]]:
    return Call(RECOGNITION, "DELETE", path, Success[Erased].model_validate_json, key=new_key(key))


def _upkeep(deed: str, read: Callable[[bytes], T], key: str | None) -> Call[T]:
    return Call(RECOGNITION, "POST", f"gallery/{deed}", read, key=new_key(key), timeout_s=LONG_S)
