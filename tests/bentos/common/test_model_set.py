"""Which models a service chooses, and that the choice asks nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import pytest

from bentos.common.model_set import Chosen, ModelSet, Sets, choose, key_of, locate, model_set, served
from bentos.common.registry.kept import Held, Kept
from bentos.common.settings import Settings
from models.catalogue import CATALOGUE, DEFAULTS, OWN
from models.catalogue.card import ModelCard, Task
from models.errors import DigestMismatch, ModelUnavailable, WeightsMissing
from models.runtime.bundle import write_bundle
from models.runtime.store import WeightStore


def graph(name: str) -> bytes:
    return f"graph of {name}".encode()


def made(card: ModelCard, name: str, **changes: object) -> ModelCard:
    """A card whose graph is a line of text."""
    return replace(card, name=name, sha256=hashlib.sha256(graph(name)).hexdigest(), **changes)  # type: ignore[arg-type]


PUBLISHED = tuple(made(CATALOGUE[name], f"published-{name}") for names in DEFAULTS.values() for name in names)
OWN_CARDS = tuple(
    made(CATALOGUE[names[0]], f"own-{task.value}", weights=(), recipe="own")
    for task, names in DEFAULTS.items()
)


def by_task(cards: tuple[ModelCard, ...]) -> Mapping[Task, tuple[str, ...]]:
    return {task: tuple(card.name for card in cards if card.task is task) for task in Task}


SETS = Sets(by_task(PUBLISHED), by_task(OWN_CARDS), {card.name: card for card in (*PUBLISHED, *OWN_CARDS)})
INCOMPLETE = replace(SETS, own={Task.FACE_DETECTION: ("own-face-detection",)})


@dataclass
class Machine:
    """Folders of a machine; only files that a test put there are there."""

    folder: Path

    @property
    def bundled(self) -> Path:
        return self.folder / "weights"

    @property
    def cache(self) -> Path:
        return self.folder / "models"

    @property
    def store(self) -> WeightStore:
        return WeightStore(self.cache, bundled=self.bundled, offline=True)

    def put(self, folder: Path, *cards: ModelCard) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for card in cards:
            (folder / card.file_name).write_bytes(graph(card.name))

    def settings(self, **values: object) -> Settings:
        return Settings.model_validate(
            {"model_dir": self.cache, "model_mirror": None, "model_source": "auto", **values}
        )

    def chosen(self, sets: Sets = SETS, **values: object) -> ModelSet:
        return model_set(self.settings(**values), sets, self.store)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A fresh clone: its own weights and nothing else."""
    machine = Machine(tmp_path)
    machine.put(machine.bundled, *OWN_CARDS)
    return machine


def test_a_fresh_clone_runs_its_own(machine: Machine) -> None:
    assert machine.chosen() == "own"
    for task in Task:
        cards = choose(task, machine.settings(), SETS, machine.store)
        assert [card.name for card in cards] == [f"own-{task.value}"]
        chosen = locate(cards, machine.store)
        assert chosen.paths[cards[0].sha256] == machine.bundled / cards[0].file_name
    assert not machine.cache.exists()


def test_what_was_pulled_runs_once_all_of_it_is_here(machine: Machine) -> None:
    machine.put(machine.cache, *PUBLISHED[:-1])
    assert machine.chosen() == "own"
    machine.put(machine.cache, PUBLISHED[-1])
    assert machine.chosen() == "published"
    names = [card.name for card in choose(Task.ANTISPOOFING, machine.settings(), SETS, machine.store)]
    assert names == ["published-minifasnet-v2", "published-minifasnet-v1se"]


def test_a_damaged_graph_is_none(machine: Machine) -> None:
    machine.put(machine.cache, *PUBLISHED)
    (machine.cache / PUBLISHED[2].file_name).write_bytes(b"half of it")
    assert machine.chosen() == "own"


def test_a_mirror_is_a_wish_for_what_it_holds(machine: Machine) -> None:
    assert machine.chosen(model_mirror="/a/mirror") == "published"
    assert machine.chosen(model_mirror="/a/mirror", model_source="own") == "own"
    assert machine.chosen(model_mirror="") == "own"


def test_a_bento_runs_the_models_that_it_brings(tmp_path: Path) -> None:
    """It holds those of its service alone."""
    machine = Machine(tmp_path)
    detector = next(card for card in PUBLISHED if card.task is Task.FACE_DETECTION)
    machine.put(machine.bundled, detector)
    assert machine.chosen() == "published"
    own = Machine(tmp_path / "own")
    own.put(own.bundled, *(card for card in OWN_CARDS if card.task is Task.FACE_DETECTION))
    assert own.chosen() == "own"
    locate(choose(Task.FACE_DETECTION, own.settings(), SETS, own.store), own.store)


def test_what_is_asked_for_is_chosen_whatever_is_here(machine: Machine) -> None:
    assert machine.chosen(model_source="published") == "published"
    machine.put(machine.cache, *PUBLISHED)
    assert machine.chosen(model_source="own") == "own"


def test_an_incomplete_set_of_ones_own_is_not_chosen_unasked(machine: Machine) -> None:
    assert machine.chosen(INCOMPLETE) == "published"
    with pytest.raises(ModelUnavailable, match="MODEL_SOURCE=published"):
        choose(Task.AGE_GENDER, machine.settings(model_source="own"), INCOMPLETE, machine.store)


def test_what_a_package_has_lost_is_fetched_from_nowhere(machine: Machine) -> None:
    lost = OWN_CARDS[0]
    (machine.bundled / lost.file_name).write_bytes(b"changed")
    store = WeightStore(machine.cache, bundled=machine.bundled, mirror=str(machine.folder))
    with pytest.raises(WeightsMissing, match="incomplete") as refused:
        locate([lost], store)
    assert str(machine.bundled) in refused.value.message
    assert not machine.cache.exists()


def test_a_model_is_another_one_where_its_card_reads_it_otherwise() -> None:
    card = OWN_CARDS[0]
    same = replace(card, decoding=MappingProxyType(dict(card.decoding)))
    stricter = replace(card, thresholds={**card.thresholds, "min_score": 0.9})
    assert key_of([card]) == key_of([same])
    assert len({key_of(cards) for cards in ([card], [stricter], [card, stricter], [stricter, card], [])}) == 5


def test_beside_the_services_what_the_registry_said_last_serves(machine: Machine) -> None:
    champion = made(OWN_CARDS[0], "champion")
    task = champion.task
    settings = machine.settings(model_source="mlflow", mlflow_uri="http://127.0.0.1:9")
    before = served(settings, list(Task), SETS, machine.store)
    assert {each.cards[0].name for each in before.values()} == {card.name for card in OWN_CARDS}
    bundle = write_bundle(settings.champions / task.value / "7-abc", [(champion, graph("champion"))])
    keep(Kept(settings.champions), task, bundle.folder)
    after = served(settings, list(Task), SETS, machine.store)
    assert [name for name in Task if after[name] != before[name]] == [task]
    assert after[task].cards == (champion,)
    assert served(machine.settings(), [task], SETS, machine.store)[task] == before[task]


def keep(kept: Kept, task: Task, folder: Path) -> None:
    """As the service's follower does."""
    cards = (folder / "cards.json").read_bytes()

    def copied(place: Path) -> None:
        for path in folder.iterdir():
            (place / path.name).write_bytes(path.read_bytes())

    held: Held = kept.fill(task, "7", cards, copied)
    kept.remember(task, held)


def test_a_bundle_is_chosen_whole_or_not_at_all(tmp_path: Path) -> None:
    card = OWN_CARDS[0]
    bundle = write_bundle(tmp_path / "one", [(card, graph(card.name))])
    chosen = Chosen.of_bundle(bundle)
    assert chosen.cards == (card,)
    assert chosen.paths[card.sha256].read_bytes() == graph(card.name)
    with pytest.raises(DigestMismatch):
        write_bundle(tmp_path / "two", [(card, b"another graph")])


def test_the_projects_own_set_is_whole() -> None:
    """What `auto` falls back to, with no network and nothing pulled."""
    store = WeightStore(Path("/nowhere"), offline=True)
    assert set(OWN) == set(Task)
    for names in OWN.values():
        for name in names:
            assert store.find(CATALOGUE[name]) is not None, name
