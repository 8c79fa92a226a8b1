"""From what metrics give to the lines of a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from training_eval.metrics.arrays import Indices, Undefined
from training_eval.metrics.groups import GroupFigures, by_group
from training_eval.metrics.intervals import Estimate
from training_eval.reports import Measure

Better = Literal["higher", "lower"]
ROUNDS = 300
"""Draws of a bootstrap: enough for the ends of a 95 % interval to two digits."""


@dataclass(slots=True)
class Figures:
    """Collects the measures of one set of data, and why there is none where a figure means nothing.

    Attributes:
        dataset: The set's name.
        measures: So far.
        notes: For the report's reader.
    """

    dataset: str
    measures: list[Measure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self,
        metric: str,
        better: Better,
        estimate: Callable[[], Estimate | None],
        group: str | None = None,
    ) -> None:
        """Compute a figure and keep it; an undefined one becomes a note."""
        try:
            found = estimate()
        except Undefined as reason:
            self.notes.append(f"{self.dataset}: no {metric}, because {reason}.")
            return
        if found is not None:
            self._keep(metric, better, found, group)

    def add_groups(self, metric: str, better: Better, kind: str, figures: GroupFigures) -> None:
        """Keep a figure for each group; ``kind`` says what the groups are, such as ``attack``."""
        for name, estimate in figures.figures.items():
            self._keep(metric, better, estimate, f"{kind}={name}")
        for name, reason in figures.left_out.items():
            self.notes.append(f"{self.dataset}: no {metric} for {kind}={name}: {reason}.")

    def add_by(
        self,
        metric: str,
        better: Better,
        groups: Sequence[dict[str, str]],
        estimate: Callable[[Indices], Estimate],
    ) -> None:
        """A figure for each group of each kind that the samples name."""
        for kind in sorted({kind for one in groups for kind in one}):
            self.add_groups(metric, better, kind, by_group([one.get(kind) for one in groups], estimate))

    def _keep(self, metric: str, better: Better, estimate: Estimate, group: str | None) -> None:
        interval = estimate.interval
        self.measures.append(
            Measure(
                metric=metric,
                value=estimate.value,
                dataset=self.dataset,
                better=better,
                count=estimate.count,
                low=None if interval is None else interval.low,
                high=None if interval is None else interval.high,
                group=group,
            )
        )
