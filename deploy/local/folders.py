"""Enrolling a folder of people, a folder for each, through the running service."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bentos.common.errors import ConfigurationError, DependencyUnavailable
from deploy.local.recognition import NAME, RecognitionService, data_of

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
TOGETHER = 16
TRIES = 6
COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


@dataclass(frozen=True, slots=True)
class Portrait:
    """A picture of a person."""

    subject_id: str
    path: Path

    def digest(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def portraits(folder: Path) -> dict[str, list[Portrait]]:
    """Pictures by person: the files of each folder in ``folder``.

    Raises:
        ConfigurationError: It is no folder, or there is no picture in its folders.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is not a folder.")
    people = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    found = {
        person.name: [
            Portrait(person.name, path)
            for path in sorted(person.iterdir())
            if path.suffix.lower() in SUFFIXES
        ]
        for person in people
    }
    found = {person: pictures for person, pictures in found.items() if pictures}
    if not found:
        kinds = ", ".join(sorted(SUFFIXES))
        raise ConfigurationError(f"There is no picture ({kinds}) in a folder of a person in {folder}.")
    return found


def import_folder(
    service: RecognitionService, folder: Path, collection: str, tenant: str, console: Console
) -> int:
    """Enrol everybody; what is enrolled already, by its picture, is left as it is.

    Returns:
        How many pictures were refused; each is said with its reason.
    """
    people = portraits(folder)
    importer = _Importer(service, collection, tenant)
    importer.make_collection()
    failed = added = 0
    with Progress(*COLUMNS, console=console) as progress:
        bar = progress.add_task(collection, total=sum(map(len, people.values())))
        for person, pictures in people.items():
            fresh = importer.missing(person, pictures)
            progress.update(bar, description=person, advance=len(pictures) - len(fresh))
            for some in _parts(fresh):
                for picture, reason in importer.enrol(some):
                    failed += reason is not None
                    added += reason is None
                    if reason:
                        console.print(
                            f"{picture.path}: {reason}", soft_wrap=True, highlight=False, markup=False
                        )
                progress.update(bar, advance=len(some))
    skipped = sum(map(len, people.values())) - added - failed
    console.print(
        f"{added} faces of {len(people)} people enrolled, {skipped} were there, {failed} refused.",
        highlight=False,
    )
    return failed


class _Importer:
    def __init__(self, service: RecognitionService, collection: str, tenant: str) -> None:
        self._service = service
        self._collection = collection
        self._tenant = tenant

    def make_collection(self) -> None:
        answer = self._call("GET", f"/collections/{quote(self._collection, safe='')}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            answer = self._call("POST", "/collections", json={"name": self._collection})
        if answer.status_code != httpx.codes.CONFLICT:  # somebody else was quicker
            data_of(answer)

    def missing(self, person: str, pictures: Sequence[Portrait]) -> list[Portrait]:
        path = f"/collections/{self._collection}/subjects/{quote(person, safe='')}"
        answer = self._call("GET", path)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return list(pictures)
        known = {face["image_digest"] for face in data_of(answer)["faces"]}
        return [picture for picture in pictures if picture.digest() not in known]

    def enrol(self, pictures: Sequence[Portrait]) -> Iterator[tuple[Portrait, str | None]]:
        """Each picture, and why it was refused."""
        files = [
            ("images", (picture.path.name, picture.path.read_bytes(), "application/octet-stream"))
            for picture in pictures
        ]
        form = {"subject_ids": [picture.subject_id for picture in pictures]}
        answer = self._call("POST", f"/collections/{self._collection}/batch", files=files, data=form)
        for picture, result in zip(pictures, data_of(answer)["results"], strict=True):
            yield picture, None if result["success"] else result["error"]["message"]

    def _call(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """Asked again where the service is busy or away for a moment; the key makes that harmless."""
        headers = {} if method == "GET" else {"Idempotency-Key": uuid.uuid4().hex}
        fault = "does not answer"
        for left in reversed(range(TRIES)):
            try:
                answer = self._service.request(method, path, self._tenant, headers=headers, **kwargs)
            except httpx.TransportError as error:
                fault, pause = f"does not answer ({type(error).__name__})", 1.0
            else:
                if answer.status_code not in (429, 503) or not left:
                    return answer
                pause = float(answer.headers.get("Retry-After", 1))
            if left:
                time.sleep(pause)
        raise DependencyUnavailable(
            f"The face recognition service {fault}; `facesocial up` starts it.", {"dependency": NAME}
        )


def _parts(pictures: Sequence[Portrait]) -> Iterator[Sequence[Portrait]]:
    for start in range(0, len(pictures), TOGETHER):
        yield pictures[start : start + TOGETHER]
