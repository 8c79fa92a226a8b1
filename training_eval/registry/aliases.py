"""Who is champion and who is challenger.

The way back stands on the version itself: before a version becomes champion it is noted on it which one was champion.
A crash between the two leaves the old champion in its place with its own note, so ``rollback`` goes where it would
have gone. Each call may be repeated: it ends in the same state.
"""

from __future__ import annotations

from collections.abc import Mapping

from models.catalogue.card import Task
from training_eval.errors import PromotionRefused
from training_eval.registry.tracking import Store
from training_eval.registry.versions import CHALLENGER, CHAMPION, Version, aliases_of, find, lookup

PREVIOUS = "previous_champion"
"""Tag of a version: who was champion before it."""


def promote(store: Store, version: Version) -> Version:
    """Make a version the champion; it is no challenger any more.

    Raises:
        RegistryUnavailable: There is no such version any more.
    """
    task, held = version.task, find(store, version.task, version.number)
    aliases = aliases_of(store, task)
    before = aliases.get(CHAMPION)
    if before != held.number:
        if before is None:
            _forget_previous(store, held)
        else:
            store.client.set_model_version_tag(task.value, str(held.number), PREVIOUS, str(before))
        store.client.set_registered_model_alias(task.value, CHAMPION, str(held.number))
    _end_challenge(store, task, aliases, held.number)
    return find(store, task, held.number)


def rollback(store: Store, task: Task, champion: Version | None = None) -> Version:
    """Make the version before the champion the champion again.

    Args:
        store: Holds the aliases.
        task: Whose champion.
        champion: From whom to go back; where somebody else is champion by now nothing is done, so that a call can be
            repeated. Whoever is champion, where it is not given.

    Raises:
        PromotionRefused: There is no champion, or none before it.
    """
    now = lookup(store, task, CHAMPION)
    if now is not None and champion is not None and now.number != champion.number:
        return now
    before, _ = way_back(store, task)
    store.client.set_registered_model_alias(task.value, CHAMPION, str(before.number))
    return find(store, task, before.number)


def way_back(store: Store, task: Task) -> tuple[Version, Version]:
    """The champion before this one, and this one.

    Raises:
        PromotionRefused: There is no champion, or none before it.
    """
    champion = lookup(store, task, CHAMPION)
    if champion is None:
        raise PromotionRefused(f"{task.value} has no champion: there is nothing to go back from.")
    before = champion.tags.get(PREVIOUS)
    if before is None:
        raise PromotionRefused(
            f"Version {champion.number} of {task.value} is the first champion: there is none before it."
        )
    if (earlier := lookup(store, task, before)) is None:
        raise PromotionRefused(
            f"Version {before} of {task.value}, the champion before, was deleted: promote another version."
        )
    return earlier, champion


def challenge(store: Store, task: Task, version: Version | None) -> Version | None:
    """Let a version run beside the champion on a sample of requests, or none.

    Raises:
        PromotionRefused: It is the champion.
    """
    aliases = aliases_of(store, task)
    if version is None:
        _end_challenge(store, task, aliases, aliases.get(CHALLENGER))
        return None
    if aliases.get(CHAMPION) == version.number:
        raise PromotionRefused(f"Version {version.number} of {task.value} is the champion already.")
    store.client.set_registered_model_alias(task.value, CHALLENGER, str(version.number))
    return find(store, task, version.number)


def _end_challenge(store: Store, task: Task, aliases: Mapping[str, int], number: int | None) -> None:
    if number is not None and aliases.get(CHALLENGER) == number:
        store.client.delete_registered_model_alias(task.value, CHALLENGER)


def _forget_previous(store: Store, version: Version) -> None:
    if PREVIOUS in version.tags:
        store.client.delete_model_version_tag(version.task.value, str(version.number), PREVIOUS)
