"""Champion and challenger, in a file and on a server."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")

from models.catalogue.card import Task
from training_eval.errors import PromotionRefused, RegistryUnavailable
from training_eval.registry.aliases import challenge, promote, rollback
from training_eval.registry.tracking import Store
from training_eval.registry.versions import Version, aliases_of, find

Register = Callable[..., Version]
TASK = Task.ANTISPOOFING


class Crashed(Exception):
    """The process ended here."""


class Crashing:
    """A client whose process ends at its ``limit``-th write."""

    def __init__(self, client: Any, limit: int) -> None:
        self._client, self._left = client, limit

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("set_", "delete_")):
            self._left -= 1
            if self._left < 0:
                raise Crashed(name)
        return getattr(self._client, name)


def _champion(store: Store) -> int | None:
    return aliases_of(store, TASK).get("champion")


@pytest.fixture
def three(register: Register) -> list[Version]:
    return [register(value) for value in (1.0, 2.0, 3.0)]


def test_there_and_all_the_way_back(store: Store, three: list[Version]) -> None:
    for version in three:
        assert promote(store, version).aliases == {"champion"}
    assert _champion(store) == 3
    assert rollback(store, TASK).number == 2
    assert rollback(store, TASK).number == 1
    with pytest.raises(PromotionRefused, match="first champion"):
        rollback(store, TASK)
    assert _champion(store) == 1


def test_after_a_way_back_the_next_one_goes_around_the_bad_version(
    store: Store, three: list[Version]
) -> None:
    promote(store, three[0])
    promote(store, three[1])
    rollback(store, TASK)
    promote(store, three[2])
    assert rollback(store, TASK).number == 1


def test_without_a_champion_there_is_no_way_back(store: Store, three: list[Version]) -> None:
    with pytest.raises(PromotionRefused, match="no champion"):
        rollback(store, TASK)


def test_a_repeated_call_changes_nothing(store: Store, three: list[Version]) -> None:
    promote(store, three[0])
    assert promote(store, three[1]) == promote(store, three[1])
    champion = find(store, TASK, "champion")
    assert rollback(store, TASK, champion).number == 1
    assert rollback(store, TASK, champion).number == 1
    challenge(store, TASK, three[2])
    assert challenge(store, TASK, three[2]) == find(store, TASK, 3)
    assert challenge(store, TASK, None) is None
    assert challenge(store, TASK, None) is None
    assert aliases_of(store, TASK) == {"champion": 1}


@pytest.mark.parametrize("writes", range(3))
def test_a_crash_between_two_calls_leaves_a_way_back_and_is_mended_by_repeating(
    store: Store, three: list[Version], writes: int
) -> None:
    promote(store, three[0])
    promote(store, three[1])
    challenge(store, TASK, three[2])
    with suppress(Crashed):
        promote(replace(store, client=Crashing(store.client, writes)), three[2])
        pytest.fail("there were fewer writes")
    assert _champion(store) == (2 if writes < 2 else 3)
    promote(store, three[2])
    assert aliases_of(store, TASK) == {"champion": 3}
    assert [rollback(store, TASK).number, rollback(store, TASK).number] == [2, 1]


@pytest.mark.parametrize("writes", range(2))
def test_a_crash_does_not_send_the_way_back_astray(store: Store, three: list[Version], writes: int) -> None:
    promote(store, three[0])
    promote(store, three[1])
    with suppress(Crashed):
        promote(replace(store, client=Crashing(store.client, writes)), three[2])
    assert rollback(store, TASK).number == 1


def test_two_at_once_end_in_one_state(
    store: Store, three: list[Version], reopened: Callable[[], AbstractContextManager[Store]]
) -> None:
    promote(store, three[0])

    def run(version: Version) -> None:
        with reopened() as own:
            promote(own, version)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, three[1:]))
    champion = _champion(store)
    assert champion in (2, 3)
    before = rollback(store, TASK).number
    assert before in {1, 2, 3} - {champion}
    assert aliases_of(store, TASK) == {"champion": before}


def test_a_challenger_that_becomes_champion_challenges_no_more(store: Store, three: list[Version]) -> None:
    promote(store, three[0])
    challenge(store, TASK, three[1])
    assert aliases_of(store, TASK) == {"champion": 1, "challenger": 2}
    promote(store, three[1])
    assert aliases_of(store, TASK) == {"champion": 2}
    challenge(store, TASK, three[2])
    promote(store, three[0])
    assert aliases_of(store, TASK) == {"champion": 1, "challenger": 3}


def test_the_champion_cannot_challenge_itself(store: Store, three: list[Version]) -> None:
    champion = promote(store, three[0])
    with pytest.raises(PromotionRefused, match="is the champion already"):
        challenge(store, TASK, champion)


def test_a_deleted_version_is_neither_promoted_nor_gone_back_to(store: Store, three: list[Version]) -> None:
    promote(store, three[0])
    promote(store, three[1])
    for version in (three[0], three[2]):
        store.client.delete_model_version(TASK.value, str(version.number))
    with pytest.raises(RegistryUnavailable, match="Versions there: 2"):
        promote(store, three[2])
    with pytest.raises(PromotionRefused, match="was deleted"):
        rollback(store, TASK)
    assert _champion(store) == 2


def test_a_first_champion_has_no_way_back_that_is_left_from_earlier(
    store: Store, three: list[Version]
) -> None:
    promote(store, three[0])
    promote(store, three[1])
    store.client.delete_registered_model_alias(TASK.value, "champion")
    promote(store, three[1])
    with pytest.raises(PromotionRefused, match="first champion"):
        rollback(store, TASK)
