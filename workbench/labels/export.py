"""Labels of one task as an evaluation set: a ZIP that ``training_eval``'s reader of own sets takes.

``manifest.csv`` names the pictures that were kept and of which it is known what is right; ``labels.csv`` holds every
label, and says of each that is not in the manifest why.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from PIL import Image

from workbench.labels.model import Label, Subject
from workbench.labels.truth import COLUMNS

Pictures = Callable[[str], bytes | None]
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp"}
GROUPS = ("group:verdict", "group:environment", "group:model")
SAID = (
    "task",
    "digest",
    "second",
    "face",
    "verdict",
    "truth",
    "note",
    "model",
    "version",
    "environment",
    "who",
    "at",
)
NO_PICTURE, NO_TRUTH = "the picture was not kept", "nobody said what is right"
NOT_LARGEST, OLDER = "not the largest face of its picture", "there is a later label"


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """The ZIP, how many samples it has, and how many labels could not become one."""

    data: bytes
    samples: int
    left_out: int


def evaluation_set(task: str, labels: Sequence[Label], pictures: Pictures) -> EvaluationSet:
    """Make the set.

    Args:
        task: One of ``workbench.labels.truth.COLUMNS``.
        labels: The latest first; those of other tasks are left away.
        pictures: A kept picture by its digest.
    """
    own = [label for label in labels if label.subject.task == task]
    reasons = _reasons(own, pictures)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        rows = [
            _sample(archive, label, pictures)
            for label, reason in zip(own, reasons, strict=True)
            if not reason
        ]
        names = [*COLUMNS[task], *GROUPS]
        archive.writestr("manifest.csv", _csv(names, rows))
        said = [{**_said(label), "left_out": reason} for label, reason in zip(own, reasons, strict=True)]
        archive.writestr("labels.csv", _csv([*SAID, "left_out"], said))
    return EvaluationSet(stream.getvalue(), len(rows), len(own) - len(rows))


def _reasons(labels: Sequence[Label], pictures: Pictures) -> list[str]:
    """Why a label is no sample; empty where it is one."""
    seen, reasons = set[Subject](), list[str]()
    for label in labels:
        subject = label.subject
        reasons.append(OLDER if subject in seen else _reason(label, pictures))
        seen.add(subject)
    return reasons


def _reason(label: Label, pictures: Pictures) -> str:
    subject = label.subject
    if not label.truth:
        return NO_TRUTH
    if any(pictures(digest) is None for digest in (subject.digest, subject.second) if digest):
        return NO_PICTURE
    # An evaluation looks at one face of a picture, the largest.
    if subject.task in ("demographics", "embed") and subject.face != _largest(label):
        return NOT_LARGEST
    return ""


def _largest(label: Label) -> int:
    boxes = [face["box"] for face in label.answer["faces"]]
    return max(range(len(boxes)), key=lambda at: boxes[at]["width"] * boxes[at]["height"]) + 1


def _sample(archive: zipfile.ZipFile, label: Label, pictures: Pictures) -> Mapping[str, str]:
    subject = label.subject
    if subject.task == "verify":
        names = [_put(archive, digest, digest, pictures) for digest in (subject.digest, subject.second)]
        files = dict(zip(("first", "second"), names, strict=True))
    else:  # a path stands in one row alone: two faces of a picture need two copies
        name = f"{subject.digest}-{subject.face}" if subject.face else subject.digest
        files = {"path": _put(archive, subject.digest, name, pictures)}
    groups = ("right" if label.right else "wrong", label.environment, f"{label.model} {label.version}")
    return {**files, **label.truth, **dict(zip(GROUPS, groups, strict=True))}


def _put(archive: zipfile.ZipFile, digest: str, name: str, pictures: Pictures) -> str:
    data = pictures(digest) or b""
    path = f"pictures/{name}{_suffix(data)}"
    if path not in archive.namelist():
        archive.writestr(zipfile.ZipInfo(path), data)
    return path


def _suffix(data: bytes) -> str:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return SUFFIXES.get(image.format or "", ".jpg")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ".jpg"


def _said(label: Label) -> Mapping[str, str]:
    subject = label.subject
    values = (
        *(subject.task, subject.digest, subject.second, str(subject.face)),
        "right" if label.right else "wrong",
        "; ".join(f"{name}={value}" for name, value in label.truth.items()),
        *(label.note, label.model, label.version, label.environment, label.who),
        datetime.fromtimestamp(label.at, UTC).isoformat(timespec="seconds"),
    )
    return dict(zip(SAID, values, strict=True))


def _csv(names: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
