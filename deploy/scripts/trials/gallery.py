"""A gallery from its beginning to its end, in a tenant of its own: nobody else's is seen or touched."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from deploy.scripts.trials.caller import Caller, TrialFailed
from deploy.scripts.trials.services import picture

SERVICE = "face-recognition-service"
NAME = "smoke"
STALE = timedelta(hours=1)
"""A collection of a run that was killed; a younger one may be of a run beside this."""


def round_trip(caller: Caller) -> str:
    """Make a collection, enrol a drawn person, find, erase, find nobody; the collection is gone in any case."""
    _sweep(caller)
    with _collection(caller) as path:
        enrolled = _enrol(caller, path)
        found = _matches(caller, path)
        if found != [enrolled]:
            raise TrialFailed(f"who was just enrolled is not found: {found or 'nobody'}")
        caller.data("DELETE", SERVICE, f"{path}/subjects/{enrolled}")
        caller.answer("GET", SERVICE, f"{path}/subjects/{enrolled}", status=404)
        if found := _matches(caller, path):
            raise TrialFailed(f"who was erased is still found: {', '.join(found)}")
    caller.answer("GET", SERVICE, path, status=404)
    return "enrolled, found, erased, gone"


@contextmanager
def _collection(caller: Caller) -> Iterator[str]:
    name = f"{NAME}-{secrets.token_hex(6)}"
    path = f"collections/{name}"
    caller.data("POST", SERVICE, "collections", status=201, json={"name": name})
    try:
        yield path
    except BaseException:
        with suppress(TrialFailed):  # the first failure is the one to tell
            caller.data("DELETE", SERVICE, path)
        raise
    caller.data("DELETE", SERVICE, path)


def _enrol(caller: Caller, path: str) -> str:
    subject = f"drawn-{secrets.token_hex(4)}"
    files, fields = {"image": picture("portrait")}, {"subject_id": subject}
    caller.data("POST", SERVICE, f"{path}/subjects", status=201, files=files, data=fields)
    return subject


def _matches(caller: Caller, path: str) -> list[str]:
    data = caller.data("POST", SERVICE, f"{path}/identify", files={"image": picture("portrait")})
    return [match["subject_id"] for face in data["faces"] for match in face["matches"]]


def _sweep(caller: Caller) -> None:
    """Erase what runs left behind that were killed."""
    for one in caller.data("GET", SERVICE, "collections")["collections"]:
        age = datetime.now(UTC) - datetime.fromisoformat(one["created_at"])
        if one["name"].startswith(f"{NAME}-") and age > STALE:
            with suppress(TrialFailed):  # a run beside this one was quicker
                caller.data("DELETE", SERVICE, f"collections/{one['name']}")
