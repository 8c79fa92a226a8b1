"""Aliases move after they were judged and written down, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")

from pydantic import SecretStr
from rich.console import Console

from bentos.common.database import Database
from bentos.common.settings import DatabaseSettings
from deploy.local.promoting import Promoting
from models.catalogue.card import Task
from training_eval.errors import PromotionRefused, RegistryUnavailable
from training_eval.registry.tracking import Store
from training_eval.registry.versions import Version, aliases_of, find
from training_eval.tolerances import Limits

TASK = Task.ANTISPOOFING
Events = Callable[[], list[tuple[str, str, dict[str, Any], dict[str, Any]]]]


def test_a_refusal_is_kept_with_the_run_and_in_the_chain(
    promoting: Promoting,
    register: Callable[[float], Version],
    store: Store,
    events: Events,
    tmp_path: Path,
) -> None:
    register(0.9)
    bad = register(0.5)
    promoting.promote(TASK, "1", Limits())
    with pytest.raises(PromotionRefused, match=r"worse by 0\.4") as caught:
        promoting.promote(TASK, "2", Limits())
    table = json.loads(caught.value.details["decision"])
    assert [row["metric"] for row in table["rows"] if not row["accepted"]] == ["AUC"]
    assert aliases_of(store, TASK) == {"champion": 1}
    assert find(store, TASK, 2).tags["decision"] == "refused"
    kept = Path(store.client.download_artifacts(bad.run_id, "decision.txt", str(tmp_path))).read_text()
    assert "worse by 0.4, more than 0.002" in kept
    action, outcome, target, details = events()[-1]
    assert (action, outcome, target) == ("model.promote", "refused", {"task": "antispoofing", "version": 2})
    assert details["digests"] == list(bad.digests)
    assert details["was"] == 1
    assert details["reasons"] == ["AUC: worse by 0.4, more than 0.002"]


def test_promoting_the_champion_again_does_nothing(
    promoting: Promoting, register: Callable[[float], Version], store: Store, events: Events
) -> None:
    register(0.9)
    promoting.promote(TASK, "1", Limits())
    assert promoting.promote(TASK, "champion", Limits()).number == 1
    assert len(events()) == 1


def test_a_registry_that_fails_after_the_event_is_said_by_a_second_one(
    promoting: Promoting,
    register: Callable[[float], Version],
    store: Store,
    database: Database,
    events: Events,
) -> None:
    register(0.9)

    class Failing:
        """Takes everything but aliases."""

        def __getattr__(self, name: str) -> Any:
            if name == "set_registered_model_alias":
                raise RegistryUnavailable("away")
            return getattr(store.client, name)

    failing = Store(Failing(), store.uri, store.artifacts)  # type: ignore[arg-type]
    with pytest.raises(RegistryUnavailable):
        Promoting(failing, database, Console(quiet=True)).promote(TASK, "1", Limits())
    assert [(action, outcome) for action, outcome, _, _ in events()] == [
        ("model.promote", "ok"),
        ("model.promote", "failed"),
    ]
    assert events()[-1][3]["reason"] == "RegistryUnavailable: away"
    assert aliases_of(store, TASK) == {}


def test_without_a_chain_to_write_into_nothing_moves(
    register: Callable[[float], Version], store: Store, tmp_path: Path
) -> None:
    register(0.9)
    url = SecretStr(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    empty = Database(DatabaseSettings(url=url, pool_size=4, timeout_s=10))
    try:
        with pytest.raises(Exception, match="no such table"):
            Promoting(store, empty, Console(quiet=True)).promote(TASK, "1", Limits())
    finally:
        empty.close()
    assert aliases_of(store, TASK) == {}


def test_a_champion_that_came_meanwhile_was_not_compared_with(
    register: Callable[[float], Version], store: Store, database: Database, events: Events
) -> None:
    for value in (0.9, 0.91, 0.92):
        register(value)

    class Overtaken:
        """Somebody else promotes version 3 as soon as the decision is kept."""

        def __getattr__(self, name: str) -> Any:
            if name == "set_model_version_tag":
                store.client.set_registered_model_alias(TASK.value, "champion", "3")
            return getattr(store.client, name)

    overtaken = Store(Overtaken(), store.uri, store.artifacts)  # type: ignore[arg-type]
    with pytest.raises(PromotionRefused, match="Version 3 of antispoofing became the champion meanwhile"):
        Promoting(overtaken, database, Console(quiet=True)).promote(TASK, "2", Limits())
    assert aliases_of(store, TASK) == {"champion": 3}
    assert [outcome for _, outcome, _, _ in events()] == ["ok", "failed"]


def test_a_rollback_that_cannot_be_is_in_the_chain_too(
    promoting: Promoting, register: Callable[[float], Version], events: Events
) -> None:
    register(0.9)
    promoting.promote(TASK, "1", Limits())
    with pytest.raises(PromotionRefused):
        promoting.rollback(TASK)
    assert [(action, outcome) for action, outcome, _, _ in events()] == [
        ("model.promote", "ok"),
        ("model.rollback", "refused"),
    ]


def test_the_end_of_a_challenge_is_in_the_chain(
    promoting: Promoting, register: Callable[[float], Version], store: Store, events: Events
) -> None:
    register(0.9)
    promoting.challenge(TASK, "1")
    promoting.challenge(TASK, None)
    assert aliases_of(store, TASK) == {}
    assert [(action, target["version"]) for action, _, target, _ in events()] == [
        ("model.challenge", 1),
        ("model.challenge", None),
    ]
