"""What an evaluation found, as data: printed, plotted, logged to MLflow and compared by the gate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from models.catalogue.card import Task
from training_eval.errors import DataMissing


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure of merit on one set of data.

    Attributes:
        metric: Its name in the field, such as ``verification AUC`` or ``APCER``.
        value: As a share in [0, 1], or in the unit that ``metric`` names.
        dataset: The set's name.
        better: Which way is up.
        count: Cases that it rests on.
        low: Lower end of the 95 % interval, where there is one.
        high: Upper end.
        group: Which part of the set, as ``key=value``: ``attack=print``, ``gender=female``; None for all of it.
    """

    metric: str
    value: float
    dataset: str
    better: Literal["higher", "lower"]
    count: int
    low: float | None = None
    high: float | None = None
    group: str | None = None

    @property
    def key(self) -> tuple[str, str, str | None]:
        """What makes two measures comparable."""
        return self.metric, self.dataset, self.group


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A model of the evaluated set: enough to know it again, and what it costs."""

    name: str
    version: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that one evaluation found about the models of one task.

    Attributes:
        task: What they answer.
        models: One, or the members of an ensemble.
        data: SHA-256 of each set of data, by its name: two reports compare only where these agree.
        measures: The figures.
        milliseconds: Median time of one item alone on one thread, and of what reference it was measured beside.
        reference_milliseconds: The same for a fixed reference computation, so that speeds of two runs compare.
    """

    task: Task
    models: tuple[ModelFacts, ...]
    data: Mapping[str, str]
    measures: tuple[Measure, ...]
    milliseconds: float
    reference_milliseconds: float
    notes: tuple[str, ...] = field(default=())

    @property
    def size_bytes(self) -> int:
        """Of all graphs together."""
        return sum(model.size_bytes for model in self.models)

    def of_all(self) -> Iterator[Measure]:
        """The measures of whole sets."""
        return (measure for measure in self.measures if measure.group is None)

    def to_json(self) -> str:
        """For a file and for MLflow."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Report:
        """The report that ``to_json`` wrote.

        Raises:
            DataMissing: It is none.
        """
        try:
            data: dict[str, Any] = json.loads(text)
            return cls(
                task=Task(data["task"]),
                models=tuple(ModelFacts(**model) for model in data["models"]),
                data=dict(data["data"]),
                measures=tuple(Measure(**measure) for measure in data["measures"]),
                milliseconds=float(data["milliseconds"]),
                reference_milliseconds=float(data["reference_milliseconds"]),
                notes=tuple(data["notes"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataMissing(
                f"This is no report of an evaluation: {error}. Evaluate the model again."
            ) from error


def read_report(path: Path) -> Report:
    """The report in a file.

    Raises:
        DataMissing: There is none.
    """
    try:
        return Report.from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataMissing(f"{path} cannot be read: {error.strerror}.") from error


def comparable(first: Sequence[Measure], second: Sequence[Measure]) -> Iterator[tuple[Measure, Measure]]:
    """Pairs of measures of the same thing on the same data, in the order of the first."""
    others = {measure.key: measure for measure in second}
    for measure in first:
        if (other := others.get(measure.key)) is not None:
            yield measure, other
