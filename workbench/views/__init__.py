"""The views of the workbench, in the order of its menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.calls import ANTISPOOFING, DEEPFAKE, DEMOGRAPHICS, DETECTION, RECOGNITION
from workbench.components.bench import Bench
from workbench.views import (
    ab,
    all_five,
    batch_run,
    compare,
    deepfake,
    demographics,
    detect,
    evaluate,
    gallery,
    labels,
    liveness,
    models,
    operations,
    video,
)


@dataclass(frozen=True, slots=True)
class View:
    """One page: what the menu and the link call it, whom it asks, and what draws it."""

    title: str
    icon: str
    path: str
    services: tuple[str, ...]
    render: Callable[[Bench], None]


VIEWS = (
    View("Detect", ":material/face:", "detect", (DETECTION,), detect.render),
    View("Compare", ":material/compare:", "compare", (RECOGNITION,), compare.render),
    View("Gallery", ":material/groups:", "gallery", (RECOGNITION,), gallery.render),
    View("Liveness", ":material/sensor_occupied:", "liveness", (ANTISPOOFING,), liveness.render),
    View("Deepfake", ":material/theater_comedy:", "deepfake", (DEEPFAKE,), deepfake.render),
    View("Deepfake video", ":material/movie:", "video", (DEEPFAKE,), video.render),
    View("Demographics", ":material/cake:", "demographics", (DEMOGRAPHICS,), demographics.render),
    View(
        "All five",
        ":material/dashboard:",
        "all-five",
        (DETECTION, RECOGNITION, ANTISPOOFING, DEEPFAKE, DEMOGRAPHICS),
        all_five.render,
    ),
    View("Batch run", ":material/burst_mode:", "batch", (), batch_run.render),
    View("A/B", ":material/compare_arrows:", "ab", (), ab.render),
    View("Evaluate", ":material/fact_check:", "evaluate", (), evaluate.render),
    View("Labels", ":material/label:", "labels", (), labels.render),
    View("Models", ":material/inventory_2:", "models", (), models.render),
    View("Operations", ":material/monitor_heart:", "operations", (), operations.render),
)
