"""Short ways to do things to a gallery of drawn people."""

from __future__ import annotations

from sqlalchemy import func, select

from bentos.common.audit.caller import Caller
from bentos.common.context import Clock
from bentos.common.database import Base
from bentos.contracts import Enrolled, FaceSelection, IdentifyOptions, IdentifyResult
from bentos.face_recognition.gallery.assembly import Gallery
from bentos.face_recognition.gallery.enrolment import Wish

NAME = "staff"


def enrol(
    gallery: Gallery, caller: Caller, subject: str, image: bytes, key: str | None = None, **more: object
) -> Enrolled:
    wish = Wish(subject, image, FaceSelection(), key=key, **more)  # type: ignore[arg-type]
    return gallery.enrolment.enrol(caller, NAME, wish, Clock())


def identify(gallery: Gallery, caller: Caller, image: bytes, **options: object) -> IdentifyResult:
    chosen = IdentifyOptions.model_validate(options)
    return gallery.identification.identify(caller, NAME, image, chosen, Clock())


def names(gallery: Gallery, caller: Caller, image: bytes) -> list[list[str]]:
    """Subjects that match each face of a picture."""
    found = identify(gallery, caller, image)
    return [[match.subject_id for match in face.matches] for face in found.faces]


def rows(gallery: Gallery, table: type[Base]) -> int:
    """Rows of a table."""
    with gallery.keeping.stores.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0
