"""What stands in the registry, for people to look at; ``training_eval.registry`` writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bentos.contracts import SERVICES

TASKS = tuple(sorted(one.name.removesuffix("-service") for one in SERVICES))
"""The project's registered models are named by what they answer."""
CHAMPION, CHALLENGER = "champion", "challenger"
NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Version:
    """A registered version of a task's models.

    Attributes:
        number: 1, 2, 3, … within the task.
        run_id: Of the run that made it.
        models: Names and versions of its models.
        digests: SHA-256 of each graph.
        created: UTC.
        aliases: ``champion``, ``challenger``, sorted.
        decision: ``accepted`` or ``refused`` by the gate when it was last asked; empty before.
        decided_at: When, as the registry has it.
        previous: Number of the champion before it, which a rollback goes to; empty where there is none.
    """

    task: str
    number: int
    run_id: str
    models: str
    digests: tuple[str, ...]
    created: datetime
    aliases: tuple[str, ...]
    decision: str
    decided_at: str
    previous: str


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that the gate looked at; see ``training_eval.decision``."""

    metric: str
    accepted: bool
    reason: str
    dataset: str
    group: str
    champion: float | None
    candidate: float | None
    tolerance: float | None


def version_of(task: str, entity: Mapping[str, Any], aliases: Mapping[str, int]) -> Version:
    """A version out of MLflow's answer.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: It is no such answer.
    """
    tags = {str(tag["key"]): str(tag.get("value", "")) for tag in entity.get("tags", [])}
    number = int(entity["version"])
    return Version(
        task=task,
        number=number,
        run_id=str(entity.get("run_id") or ""),
        models=tags.get("models", ""),
        digests=tuple(tags.get("digests", "").split()),
        created=datetime.fromtimestamp(int(entity["creation_timestamp"]) / 1000, UTC),
        aliases=tuple(sorted(name for name, held in aliases.items() if held == number)),
        decision=tags.get("decision", ""),
        decided_at=tags.get("decided_at", ""),
        previous=tags.get("previous_champion", ""),
    )


def rows_of(decision: bytes) -> Sequence[Row]:
    """The gate's table out of ``decision.json``, refusals first.

    Raises:
        ValueError: It is none.
    """
    try:
        rows = [_row(one) for one in json.loads(decision)["rows"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("this is no decision of the gate") from error
    return sorted(rows, key=lambda row: row.accepted)


def _row(one: Mapping[str, Any]) -> Row:
    return Row(
        metric=str(one["metric"]),
        accepted=bool(one["accepted"]),
        reason=str(one["reason"]),
        dataset=str(one.get("dataset") or ""),
        group=str(one.get("group") or ""),
        champion=_number(one.get("champion")),
        candidate=_number(one.get("candidate")),
        tolerance=_number(one.get("tolerance")),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
