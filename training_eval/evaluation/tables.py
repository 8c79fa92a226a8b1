"""Reports for people: tables in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import TaskID
from rich.table import Table

from models.catalogue.card import Figure, ModelCard
from training_eval.evaluation.steps import Step
from training_eval.reports import Measure, Report


class Bar:
    """Draws how an evaluation goes on."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def begin(self, dataset: str, samples: int) -> Step:
        """A new bar in the place of the last one."""
        if self._task is not None:
            self._bars.remove_task(self._task)
        task = self._task = self._bars.add_task(dataset, total=samples)
        return lambda: self._bars.advance(task)


def show(title: str, cards: Sequence[ModelCard], report: Report, console: Console) -> None:
    """Published figures, then what was measured now."""
    speed = report.milliseconds / report.reference_milliseconds
    facts = f"{report.size_bytes / 1e6:.2f} MB, {report.milliseconds:.1f} ms an item ({speed:.2f} x the reference)"
    table = Table(title=f"{title} ({facts})", title_justify="left", title_style="bold")
    _begin(table, cards)
    for measure in report.measures:
        table.add_row(*_row(measure))
    console.print(table)
    for note in report.notes:
        console.print(f"  {note}", style="dim", highlight=False)


def show_published(title: str, cards: Sequence[ModelCard], console: Console) -> None:
    """Published figures alone, where there is no set of data: the published model labels those that there are."""
    table = Table(title=f"{title} (no set of data)", title_justify="left", title_style="bold")
    _begin(table, cards)
    if table.row_count:
        console.print(table)
    else:
        console.print(
            f"[bold]{title}[/bold]: nothing is published, and there is no set of data to measure it on."
        )


def show_held(title: str, held: Sequence[tuple[Figure, float | None]], console: Console) -> None:
    """Figures of a card beside the same figures computed again."""
    table = Table(title=f"What the card of {title} says", title_justify="left", title_style="bold")
    for column in ("figure", "card", "now", "on"):
        table.add_column(column, justify="right" if column in ("card", "now") else "left")
    for figure, now in held:
        said = "not computed" if now is None else f"{now:.4f}"
        style = "" if now is not None and holds(figure, now) else "red"
        table.add_row(figure.metric, f"{figure.value:g}", said, figure.dataset, style=style)
    console.print(table)


def _begin(table: Table, cards: Sequence[ModelCard]) -> None:
    for column in ("figure", "value", "95 %", "cases", "on"):
        table.add_column(column, justify="right" if column in ("value", "cases") else "left")
    for figure in dict.fromkeys(figure for card in cards for figure in card.published):
        table.add_row(figure.metric, f"{figure.value:g}", "", "", f"published: {figure.dataset}", style="dim")


def holds(figure: Figure, now: float) -> bool:
    """Whether a card's figure is what was computed now, but for its last digit and the machine's rounding."""
    return abs(figure.value - now) <= max(0.005, 0.01 * abs(figure.value))


def _row(measure: Measure) -> tuple[str, str, str, str, str]:
    name = measure.metric if measure.group is None else f"{measure.metric}, {measure.group}"
    spread = "" if measure.low is None or measure.high is None else f"{measure.low:.4f} to {measure.high:.4f}"
    return name, f"{measure.value:.4f}", spread, str(measure.count), measure.dataset
