"""The gate at the registry: finds the reports that compare, judges them, and keeps what was decided."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from models.errors import ModelUnavailable
from training_eval.decision import Decision, refused
from training_eval.promotion import decide
from training_eval.registry.measured import reports_of
from training_eval.registry.tracking import Store
from training_eval.registry.versions import Version, fetch
from training_eval.reports import Report
from training_eval.tolerances import Limits

DECISION, DECIDED_AT = "decision", "decided_at"
"""Tags of a version: ``accepted`` or ``refused``, and when (UTC, ISO 8601)."""


def judge(store: Store, candidate: Version, champion: Version | None, limits: Limits) -> Decision:
    """Whether a version may take the champion's place, by the reports of both on the same data.

    Args:
        store: Holds them.
        candidate: Whose files are fetched and whose digests are checked.
        champion: None where there is none.
        limits: Tolerances and budgets.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            cards = fetch(store, candidate, Path(folder)).cards
    except ModelUnavailable as error:
        return refused("models", error.message)
    if sorted(card.sha256 for card in cards) != sorted(candidate.digests):
        return refused("models", "the files are not those that were registered")
    own = reports_of(store, candidate)
    if not own:
        return refused("report", f"nothing was measured of it: {_remedy(candidate)}")
    if champion is None:
        return _all(decide(report, None, limits, cards) for report in own)
    theirs = reports_of(store, champion)
    if not theirs:
        return refused("report", f"nothing was measured of the champion: {_remedy(champion)}")
    pairs = list(_pairs(own, theirs))
    return _all(
        chain(
            (decide(mine, other, limits, cards) for mine, other in pairs),
            _not_compared(candidate, theirs, pairs),
        )
    )


def keep_decision(store: Store, version: Version, decision: Decision, table: str) -> None:
    """Keep a decision with the run, the table as it was printed, and say it in the version's tags."""
    store.client.log_text(version.run_id, decision.to_json(), "decision.json")
    store.client.log_text(version.run_id, table, "decision.txt")
    said = "accepted" if decision.accepted else "refused"
    for name, value in ((DECISION, said), (DECIDED_AT, datetime.now(UTC).isoformat(timespec="seconds"))):
        store.client.set_model_version_tag(version.task.value, str(version.number), name, value)


def _pairs(own: Sequence[Report], theirs: Sequence[Report]) -> Iterator[tuple[Report, Report]]:
    """Reports of which the first is of all data of the second."""
    for other in theirs:
        same = [mine for mine in own if other.data.items() <= mine.data.items()]
        if same:
            yield min(same, key=lambda mine: len(mine.data)), other


def _not_compared(
    candidate: Version, theirs: Sequence[Report], pairs: Sequence[tuple[Report, Report]]
) -> Iterator[Decision]:
    """Refusals for sets that the champion was measured on and that no pair is of; an outdated copy of one is none."""
    compared = {name for _, other in pairs for name in other.data}
    for name in sorted({name for report in theirs for name in report.data} - compared):
        yield refused(
            "data", f"the candidate was not measured on {name} as the champion was: {_remedy(candidate)}"
        )


def _all(decisions: Iterator[Decision]) -> Decision:
    """All rows, each once."""
    return Decision(tuple(dict.fromkeys(row for decision in decisions for row in decision.rows)))


def _remedy(version: Version) -> str:
    return f"`facesocial model evaluate {version.task.value} {version.number} --data NAME=FOLDER`"
