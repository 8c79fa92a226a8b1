"""The tasks of a run, each with its calls of the client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bentos.contracts import (
    AnalyzeResult,
    BatchResult,
    CheckBatchOptions,
    CheckOptions,
    CheckResult,
    DetectResult,
    EmbedResult,
    EstimateResult,
    FaceOptions,
    FaceSelection,
    Success,
)
from bentos.contracts.base import Message
from workbench.calls import ANTISPOOFING, DEEPFAKE, DEMOGRAPHICS, DETECTION, RECOGNITION
from workbench.client import FaceSocialClient
from workbench.runs.model import RunSettings

Many = Callable[[FaceSocialClient, Sequence[bytes], RunSettings], Success[BatchResult[Any]]]
One = Callable[[FaceSocialClient, bytes, RunSettings], Success[Any]]


@dataclass(frozen=True, slots=True)
class RunTask:
    """A task.

    Attributes:
        name: In links and tables.
        title: For people.
        service: Who is asked.
        data: What an answer about one picture is read as.
        many: Asks about several pictures.
        one: Asks about one.
    """

    name: str
    title: str
    service: str
    data: type[Message]
    many: Many
    one: One


def _faces(settings: RunSettings) -> dict[str, Any]:
    return settings.model_dump(include={"min_score", "min_size", "max_faces"})


def _selection(settings: RunSettings) -> FaceSelection:
    return FaceSelection.model_validate(_faces(settings))


def _options(settings: RunSettings) -> FaceOptions:
    return FaceOptions.model_validate(_faces(settings))


_ALL = (
    RunTask(
        "detect",
        "Detect",
        DETECTION,
        DetectResult,
        lambda client, images, settings: client.detect_batch(images, **_faces(settings)),
        lambda client, image, settings: client.detect(image, **_faces(settings)),
    ),
    RunTask(
        "liveness",
        "Liveness",
        ANTISPOOFING,
        CheckResult,
        lambda client, images, settings: client.check_batch(
            images, CheckBatchOptions(**_faces(settings), threshold=settings.threshold)
        ),
        lambda client, image, settings: client.check(
            image, CheckOptions(**_faces(settings), threshold=settings.threshold)
        ),
    ),
    RunTask(
        "deepfake",
        "Deepfake",
        DEEPFAKE,
        AnalyzeResult,
        lambda client, images, settings: client.analyze_batch(images, _selection(settings)),
        lambda client, image, settings: client.analyze(image, _options(settings)),
    ),
    RunTask(
        "demographics",
        "Demographics",
        DEMOGRAPHICS,
        EstimateResult,
        lambda client, images, settings: client.estimate_batch(images, _selection(settings)),
        lambda client, image, settings: client.estimate(image, _options(settings)),
    ),
    RunTask(
        "embed",
        "Embed",
        RECOGNITION,
        EmbedResult,
        lambda client, images, settings: client.embed_batch(images, _selection(settings)),
        lambda client, image, settings: client.embed(image, _options(settings)),
    ),
)
TASKS: dict[str, RunTask] = {task.name: task for task in _ALL}
