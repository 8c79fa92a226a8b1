"""Versions, figures and decisions as tables."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from models.catalogue.card import ModelCard

if TYPE_CHECKING:
    from training_eval.decision import Decision, Row
    from training_eval.registry.versions import Version
    from training_eval.reports import Measure, Report

WIDTH = 160
"""Characters of a table that is kept in a file."""


def versions_table(versions: Iterable[Version]) -> Table:
    """What is registered, a line for each version."""
    table = Table("task", "version", "models", "alias", "decision", "made (UTC)", "digest")
    for version in versions:
        table.add_row(
            version.task.value,
            str(version.number),
            Text(version.tags.get("models", "")),
            ", ".join(sorted(version.aliases)),
            Text(version.tags.get("decision", "")),
            f"{version.created:%Y-%m-%d %H:%M}",
            " ".join(digest[:12] for digest in version.digests),
        )
    return table


def decision_table(decision: Decision) -> Table:
    """What the gate looked at; refusals stand first."""
    numbers = ("champion", "candidate", "tolerance")
    table = Table("", "metric", "set", "group", *numbers, "reason")
    for name in numbers:
        table.columns[2 + numbers.index(name) + 2].justify = "right"
    for row in sorted(decision.rows, key=lambda row: row.accepted):
        table.add_row(*_cells(row), style="" if row.accepted else "red")
    return table


def decision_text(decision: Decision) -> str:
    """The same for a file."""
    console = Console(file=io.StringIO(), width=WIDTH, no_color=True)
    console.print(decision_table(decision))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def report_table(report: Report) -> Table:
    """What was measured, a line for each figure."""
    table = Table("metric", "set", "group", "value", "95 % interval", "cases")
    for measure in report.measures:
        table.add_row(
            Text(measure.metric),
            Text(measure.dataset),
            Text(measure.group or ""),
            _number(measure.value),
            _interval(measure),
            f"{measure.count:,}",
        )
    return table


def card_text(card: ModelCard) -> RenderableType:
    """A card for people."""
    return Group(*(Text(line) for line in _card_lines(card)))


def _card_lines(card: ModelCard) -> Iterator[str]:
    yield f"{card.name} {card.version} ({card.task.value})"
    yield f"  {card.summary}"
    yield f"  digest: {card.sha256}"
    yield f"  licence: {card.licence.code}; {card.licence.training_data}"
    for figure in card.measured:
        yield f"  measured: {figure.metric} {figure.value:g} on {figure.dataset} ({figure.source})"
    for figure in card.published:
        yield f"  published: {figure.metric} {figure.value:g} on {figure.dataset} ({figure.source})"
    yield from (f"  finds: {what}" for what in card.finds)
    yield from (f"  misses: {what}" for what in card.misses)


def _cells(row: Row) -> Iterator[Text | str]:
    yield "ok" if row.accepted else "refused"
    yield Text(row.metric)
    yield Text(row.dataset or "")
    yield Text(row.group or "")
    for value in (row.champion, row.candidate, row.tolerance):
        yield _number(value)
    yield Text(row.reason)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _interval(measure: Measure) -> str:
    if measure.low is None or measure.high is None:
        return ""
    return f"{_number(measure.low)} to {_number(measure.high)}"
