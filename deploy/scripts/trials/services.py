"""What every service has to do: be well, be of the right version, describe itself, refuse strangers, and work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bentos.contracts import Health
from deploy.scripts.trials.caller import Caller, TrialFailed

SAMPLES = Path(__file__).parents[3] / "workbench" / "samples"
FACES = {"portrait": 1, "group": 5}
"""How many drawn people a sample picture shows."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that changes nothing, and whether its answer is a good one.

    Attributes:
        path: In the contract.
        images: The multipart fields, and the sample picture in each.
        good: Says of the answer's ``data`` whether it is as it should be.
    """

    path: str
    images: tuple[tuple[str, str], ...]
    good: Callable[[Any], bool]


def _each(image: str, *keys: str) -> Callable[[Any], bool]:
    """Every person of a picture was found, and each face has these."""
    return lambda data: (
        len(data["faces"]) == FACES[image] and all(key in face for face in data["faces"] for key in keys)
    )


def _batch(data: Any) -> bool:
    found = [len(one["data"]["faces"]) for one in data["results"] if one["success"]]
    return found == [FACES["portrait"], FACES["group"]]


GROUP, PORTRAIT = (("image", "group"),), (("image", "portrait"),)
BATCH = Operation("batch", (("images", "portrait"), ("images", "group")), _batch)
PAIR = (("image_a", "portrait"), ("image_b", "portrait"))
OPERATIONS: Mapping[str, tuple[Operation, ...]] = MappingProxyType(
    {
        "face-recognition-service": (
            Operation("embed", PORTRAIT, _each("portrait", "embedding")),
            Operation("verify", PAIR, lambda data: data["match"] and data["similarity"] > 0.99),
            BATCH,
        ),
        "antispoofing-service": (Operation("check", PORTRAIT, _each("portrait", "live", "score")), BATCH),
        "deepfake-detection-service": (
            Operation("analyze", PORTRAIT, _each("portrait", "fake", "score")),
            BATCH,
        ),
        "face-detection-service": (Operation("detect", GROUP, _each("group", "box", "score")), BATCH),
        "age-gender-service": (Operation("estimate", GROUP, _each("group", "age", "gender")), BATCH),
    }
)


@cache
def picture(name: str) -> bytes:
    """A sample picture of the project: drawn, it shows nobody."""
    return (SAMPLES / f"{name}.jpg").read_bytes()


def is_well(caller: Caller, service: str, version: str | None) -> str:
    """Health, readiness, and the version where one is expected; what was found, for the table."""
    target = caller.target
    answer = caller.plain("GET", target.open(service, "health"), status=200)
    health = Health.model_validate(answer.json())
    ill = sorted(name for name, state in health.dependencies.items() if state != "ok")
    if health.status != "ok":
        raise TrialFailed(f"it is {health.status}" + (f": {', '.join(ill)} unavailable" if ill else ""))
    if ready := target.readiness(service):
        caller.plain("GET", ready, status=200)
    if health.service != service:
        raise TrialFailed(f"another service answers there: {health.service}")
    if version is not None and health.version != version:
        raise TrialFailed(f"it is version {health.version}, and {version} was expected")
    return f"version {health.version}, {', '.join(f'{one.name} {one.version}' for one in health.models)}"


def describes_itself(caller: Caller, service: str) -> str:
    """``docs.json`` names the operations that are tried here."""
    paths = caller.plain("GET", caller.target.open(service, "docs.json"), status=200).json()["paths"]
    missing = sorted(one.path for one in OPERATIONS[service] if f"/api/v1/{one.path}" not in paths)
    if missing:
        raise TrialFailed(f"docs.json does not name {', '.join(missing)}")
    return f"{len(paths)} paths"


def refuses_strangers(caller: Caller, service: str) -> str:
    """Without a token nothing is answered but 401."""
    operation = OPERATIONS[service][0]
    url = caller.target.operation(service, operation.path)
    answer = caller.plain("POST", url, status=401, files=_files(operation))
    code = answer.json()["error"]["code"]
    if code != "MISSING_TOKEN":
        raise TrialFailed(f"it says {code} where MISSING_TOKEN was expected")
    return "401 MISSING_TOKEN"


def works(caller: Caller, service: str, operation: Operation) -> str:
    """One operation on pictures of the project."""
    data = caller.data("POST", service, operation.path, files=_files(operation))
    if not operation.good(data):
        raise TrialFailed(f"{operation.path} does not find what the sample picture shows")
    return "as expected"


def _files(operation: Operation) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [(field, (f"{name}.jpg", picture(name), "image/jpeg")) for field, name in operation.images]
