"""A folder with graphs and cards."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from models.catalogue import CATALOGUE
from models.catalogue.card import ModelCard
from models.errors import DigestMismatch, ModelUnavailable
from models.runtime.bundle import CARDS, read_bundle, write_bundle


def _card(name: str, graph: bytes) -> ModelCard:
    return replace(CATALOGUE[name], sha256=hashlib.sha256(graph).hexdigest())


@pytest.fixture
def graphs() -> list[tuple[ModelCard, bytes]]:
    return [(_card("minifasnet-v2", b"one"), b"one"), (_card("minifasnet-v1se", b"two"), b"two")]


def test_is_read_as_it_was_written(tmp_path: Path, graphs: list[tuple[ModelCard, bytes]]) -> None:
    write_bundle(tmp_path / "bundle", graphs)
    found = read_bundle(tmp_path / "bundle")
    assert found.cards == tuple(card for card, _ in graphs)
    assert [found.path(card).read_bytes() for card in found.cards] == [b"one", b"two"]
    assert found.task is graphs[0][0].task


def test_a_changed_graph_is_refused(tmp_path: Path, graphs: list[tuple[ModelCard, bytes]]) -> None:
    bundle = write_bundle(tmp_path, graphs)
    bundle.path(bundle.cards[1]).write_bytes(b"three")
    with pytest.raises(DigestMismatch, match="changed"):
        read_bundle(tmp_path)


def test_a_missing_graph_is_refused(tmp_path: Path, graphs: list[tuple[ModelCard, bytes]]) -> None:
    bundle = write_bundle(tmp_path, graphs)
    bundle.path(bundle.cards[0]).unlink()
    with pytest.raises(DigestMismatch, match="missing"):
        read_bundle(tmp_path)


def test_a_graph_that_is_not_its_cards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DigestMismatch):
        write_bundle(tmp_path, [(CATALOGUE["yunet-n"], b"another")])


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "[1]"])
def test_a_folder_without_cards_is_no_bundle(tmp_path: Path, text: str) -> None:
    (tmp_path / CARDS).write_text(text)
    with pytest.raises(ModelUnavailable):
        read_bundle(tmp_path)


def test_a_bundle_is_of_one_task(tmp_path: Path, graphs: list[tuple[ModelCard, bytes]]) -> None:
    with pytest.raises(ModelUnavailable, match="different tasks"):
        write_bundle(tmp_path, [*graphs, (_card("yunet-n", b"four"), b"four")])
