"""Moving the registry's aliases: judged, printed, kept with the run, and written into the audit chain.

The event is written before an alias moves, so nothing moves unwritten; where the registry then fails, a second event
says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from rich.console import Console

from bentos.common.audit.caller import Audited, Caller
from bentos.common.auth import DEFAULT_TENANT, Role
from bentos.common.database import Database
from deploy.local.model_tables import decision_table, decision_text
from models.catalogue.card import Task
from training_eval.decision import Decision
from training_eval.errors import PromotionRefused
from training_eval.registry import aliases
from training_eval.registry.gate import judge, keep_decision
from training_eval.registry.tracking import Store
from training_eval.registry.versions import CHAMPION, Version, aliases_of, find, lookup
from training_eval.tolerances import Limits

CALLER = Caller(DEFAULT_TENANT, "command line", Role.ADMIN, "")
OK, REFUSED, FAILED = "ok", "refused", "failed"
_Moved = TypeVar("_Moved")


@dataclass(frozen=True, slots=True)
class Promoting:
    """Moves aliases on behalf of whoever types the command.

    Attributes:
        store: Holds them.
        database: Holds the audit chain.
        console: Told what was decided.
    """

    store: Store
    database: Database
    console: Console

    def promote(self, task: Task, which: str, limits: Limits) -> Version:
        """Judge a version, and make it the champion if nothing speaks against it.

        Raises:
            PromotionRefused: Something does; no alias has moved.
            RegistryUnavailable: There is no such version, or the registry does not answer.
        """
        candidate, champion = find(self.store, task, which), lookup(self.store, task, CHAMPION)
        if champion is not None and champion.number == candidate.number:
            return aliases.promote(self.store, candidate)
        decision = judge(self.store, candidate, champion, limits)
        self.console.print(decision_table(decision))
        keep_decision(self.store, candidate, decision, decision_text(decision))
        details = {"was": None if champion is None else champion.number, "rows": len(decision.rows)}
        if not decision.accepted:
            self._refuse(candidate, decision, details)

        def move() -> Version:
            _check_unchanged(self.store, champion, task)
            return aliases.promote(self.store, candidate)

        return self._move("model.promote", candidate, details, move)

    def rollback(self, task: Task) -> Version:
        """Make the champion before this one the champion again.

        Raises:
            PromotionRefused: There is none.
        """
        try:
            before, now = aliases.way_back(self.store, task)
        except PromotionRefused as error:
            self._note("model.rollback", {"task": task.value}, REFUSED, {"reason": error.message})
            raise
        details = {"was": now.number}
        return self._move("model.rollback", before, details, lambda: aliases.rollback(self.store, task, now))

    def challenge(self, task: Task, which: str | None) -> Version | None:
        """Let a version run beside the champion, or none.

        Raises:
            PromotionRefused: It is the champion.
        """
        if which is None:
            action, target = "model.challenge", {"task": task.value, "version": None}
            return self._noted(action, target, {}, lambda: aliases.challenge(self.store, task, None))
        version = find(self.store, task, which)
        return self._move(
            "model.challenge", version, {}, lambda: aliases.challenge(self.store, task, version)
        )

    def _refuse(self, candidate: Version, decision: Decision, details: Mapping[str, Any]) -> None:
        reasons = [f"{row.metric}: {row.reason}" for row in decision.refusals]
        more = {
            **details,
            "refusals": len(reasons),
            "reasons": reasons[:5],
            "digests": list(candidate.digests),
        }
        self._note("model.promote", _target(candidate), REFUSED, more)
        raise PromotionRefused(
            f"Version {candidate.number} of {candidate.task.value} is refused: {reasons[0]}"
            + (f" ({len(reasons) - 1} more, see the table)." if len(reasons) > 1 else "."),
            {"decision": decision.to_json()},
        )

    def _move(
        self, action: str, version: Version, details: Mapping[str, Any], move: Callable[[], _Moved]
    ) -> _Moved:
        more = {**details, "digests": list(version.digests)}
        return self._noted(action, _target(version), more, move)

    def _noted(
        self, action: str, target: Mapping[str, Any], details: Mapping[str, Any], move: Callable[[], _Moved]
    ) -> _Moved:
        self._note(action, target, OK, details)
        try:
            return move()
        except BaseException as error:
            self._note(action, target, FAILED, {**details, "reason": f"{type(error).__name__}: {error}"})
            raise

    def _note(self, action: str, target: Mapping[str, Any], outcome: str, details: Mapping[str, Any]) -> None:
        Audited(self.database, CALLER, action, target, dict(details)).note(outcome)


def _target(version: Version) -> dict[str, Any]:
    return {"task": version.task.value, "version": version.number}


def _check_unchanged(store: Store, judged: Version | None, task: Task) -> None:
    """The gate compared with one champion; another one may be there by now."""
    now = aliases_of(store, task).get(CHAMPION)
    if now != (None if judged is None else judged.number):
        raise PromotionRefused(f"Version {now} of {task.value} became the champion meanwhile: promote again.")
