"""Enrolling many pictures: whose each is, sending them, and what came of each; without Streamlit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from bentos.contracts import Enrolled, ErrorCode, FaceOptions, Success
from workbench.client import ApiError, ClientError, FaceSocialClient

AT_ONCE = 4
"""Requests under way: enough for one machine, and below a gateway's limit for one caller."""
LONGEST_NAME = 200
_NUMBER = re.compile(r"[ _.-]*(\(\d+\)|\d+)$")

OF_THE_PICTURE = frozenset(
    {
        ErrorCode.INVALID_REQUEST,
        ErrorCode.INVALID_IMAGE,
        ErrorCode.PAYLOAD_TOO_LARGE,
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        ErrorCode.NO_FACE,
        ErrorCode.MULTIPLE_FACES,
        ErrorCode.LOW_QUALITY,
    }
)
"""What is said of one picture; after anything else the next one would fare no better."""


class State(StrEnum):
    """What came of a picture."""

    ENROLLED = "enrolled"
    REFUSED = "refused"
    NOT_SENT = "not sent"


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture that is to be enrolled.

    Attributes:
        id: Tells it from the others.
        file: What people call it.
        data: Its bytes.
        subject: Whose it is.
    """

    id: str
    file: str
    data: bytes
    subject: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an entry.

    Attributes:
        said: Why it was refused, or whom else it looks like.
        quality: Of the face, 0 to 1; None where none was enrolled.
        error: What stopped the sending; None for what is said of this picture alone.
    """

    entry: Entry
    state: State
    said: str = ""
    quality: float | None = None
    error: ClientError | None = None


def subject_of(file: str, *, numbered: bool) -> str:
    """A subject's name from a file's.

    Args:
        file: Such as ``ann lee-2.jpg``.
        numbered: Whether a number at the end counts pictures of one person: then ``ann lee``, else ``ann lee-2``.
    """
    stem = PurePosixPath(file.replace("\\", "/")).stem
    name = "".join(letter if letter.isprintable() else " " for letter in stem).strip()
    shorter = _NUMBER.sub("", name).strip() if numbered else name
    return (shorter or name)[:LONGEST_NAME].strip()


def enrol_all(
    client: FaceSocialClient, collection: str, entries: Sequence[Entry], run: str, options: FaceOptions
) -> Iterator[Outcome]:
    """What came of each entry, in their order; after an error that is not the picture's own, the rest is not sent.

    Args:
        client: Asks the service.
        collection: Where to.
        entries: The pictures.
        run: Makes the writes' keys: what is sent again in the same run is not enrolled twice.
        options: Which face of a picture counts.
    """
    stopped: ClientError | None = None
    with ThreadPoolExecutor(AT_ONCE) as threads:
        waiting: list[tuple[Entry, Future[Outcome]]] = []
        left = iter(entries)
        while True:
            while stopped is None and len(waiting) < AT_ONCE and (entry := next(left, None)) is not None:
                waiting.append((entry, threads.submit(_enrol, client, collection, entry, run, options)))
            if not waiting:
                break
            outcome = waiting.pop(0)[1].result()
            stopped = stopped or outcome.error
            yield outcome
    for entry in left:
        yield Outcome(entry, State.NOT_SENT)


def _enrol(
    client: FaceSocialClient, collection: str, entry: Entry, run: str, options: FaceOptions
) -> Outcome:
    about = [run, collection, entry.id, entry.subject, options.model_dump_json()]
    key = hashlib.sha256("\n".join(about).encode()).hexdigest()
    try:
        enrolled = client.galleries.enrol(collection, entry.subject, entry.data, options=options, key=key)
    except ValueError:
        said = "This name cannot be used: 1 to 200 printable letters, no slashes, no blanks at its ends."
        return Outcome(entry, State.REFUSED, said)
    except ApiError as error:
        if error.code in OF_THE_PICTURE:
            return Outcome(entry, State.REFUSED, _reason(error))
        return Outcome(entry, State.NOT_SENT, error=error)
    except ClientError as error:
        return Outcome(entry, State.NOT_SENT, error=error)
    return Outcome(entry, State.ENROLLED, _alike(enrolled), enrolled.data.quality.score)


def _reason(error: ApiError) -> str:
    """The service's sentence, and the measured reasons behind it."""
    reasons: list[str] = []
    with suppress(TypeError):
        reasons = [str(one).replace("_", " ") for one in error.details.get("reasons", [])]
    return f"{error.message} ({', '.join(reasons)})" if reasons else error.message


def _alike(enrolled: Success[Enrolled]) -> str:
    names = dict.fromkeys(f"{one.subject_id} ({one.similarity:.2f})" for one in enrolled.data.duplicates)
    return f"Looks like {', '.join(names)}" if names else ""
