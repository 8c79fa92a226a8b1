"""Out and in again without loss, and nothing half-way."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from drawn_faces import drawn
from enrolling import enrol, names, rows

from bentos.common.audit.caller import Caller
from bentos.common.errors import Conflict, InvalidRequest, NotFound
from bentos.face_recognition.gallery.assembly import Gallery
from bentos.face_recognition.tables import Face, Subject
from models.catalogue.card import ModelCard

ODD = {"name": "Ångström 🙂", "list": [1, 2.5, None, {"deep": True}]}


@pytest.fixture
def people(staff: Gallery, caller: Caller) -> Gallery:
    for who in range(6):
        for view in range(who % 3 + 1):
            enrol(staff, caller, f"p{who} é", drawn(who, view), metadata=ODD)
    return staff


def exported(gallery: Gallery, caller: Caller, name: str = "staff") -> list[bytes]:
    return list(gallery.transfer.export(caller, name))


def test_an_export_brought_in_elsewhere_is_the_same_export(people: Gallery, caller: Caller) -> None:
    lines = exported(people, caller)
    other = replace(caller, tenant="umbrella")
    done = people.transfer.bring_in(other, "staff", lines)
    assert (done.subjects, done.faces, done.skipped) == (6, 12, 0)
    assert sorted(exported(people, other)) == sorted(lines)
    assert names(people, other, drawn(4, 9)) == [["p4 é"]]
    assert people.keeping.verification.verify().clean


def test_an_export_survives_the_erasure_of_its_collection(people: Gallery, caller: Caller) -> None:
    lines = exported(people, caller)
    people.keeping.erasure.collection(caller, "staff")
    people.transfer.bring_in(caller, "staff", lines)
    people.keeping.upkeep.bring_in_order()
    assert sorted(exported(people, caller)) == sorted(lines)
    assert names(people, caller, drawn(2)) == [["p2 é"]]


def test_bringing_in_twice_adds_nothing(people: Gallery, caller: Caller) -> None:
    lines = exported(people, caller)
    done = people.transfer.bring_in(caller, "staff", lines)
    assert (done.faces, done.skipped) == (0, 12)
    assert rows(people, Face) == 12


def test_a_missing_collection_is_said_at_once(gallery: Gallery, caller: Caller) -> None:
    with pytest.raises(NotFound):
        gallery.transfer.export(caller, "nothing")


def test_another_models_file_is_refused(
    people: Gallery, caller: Caller, newer: Callable[[ModelCard], ModelCard]
) -> None:
    lines = exported(people, caller)
    card = newer(people.keeping.stores.card)
    stores = replace(people.keeping.stores, running=lambda: card)
    other = Gallery.of(stores, people.identification._analysis)
    with pytest.raises(Conflict, match="do not compare"):
        other.transfer.bring_in(replace(caller, tenant="umbrella"), "staff", lines)


def change(lines: list[bytes], kind: str, **values: object) -> list[bytes]:
    """The first line of a kind with other values."""
    index = next(i for i, line in enumerate(lines) if json.loads(line)["type"] == kind)
    changed = json.loads(lines[index]) | values
    return [*lines[:index], json.dumps(changed).encode() + b"\n", *lines[index + 1 :]]


SPOILT: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "cut off": lambda lines: lines[:-1],
    "half a line": lambda lines: [*lines[:-1], lines[-1][:10]],
    "no head": lambda lines: lines[1:],
    "empty": lambda lines: [],
    "a line too few": lambda lines: [*lines[:3], *lines[4:]],
    "a face twice": lambda lines: [*lines[:3], lines[2], *lines[3:]],
    "more behind the end": lambda lines: [*lines, lines[1]],
    "no JSON": lambda lines: [lines[0], b"hello\n", *lines[1:]],
    "an unknown type": lambda lines: change(lines, "subject", type="robot"),
    "a short embedding": lambda lines: change(lines, "face", embedding="AAAA"),
    "no base64": lambda lines: change(lines, "face", embedding="*"),
    "a zero embedding": lambda lines: change(lines, "face", embedding="A" * (128 * 4 * 4 // 3 + 1) + "="),
    "a path as face_id": lambda lines: change(lines, "face", face_id="../x"),
    "a face of nobody": lambda lines: change(lines, "face", subject_id="stranger"),
    "no time zone": lambda lines: change(lines, "face", created_at="2026-01-01T00:00:00"),
    "metadata that is no object": lambda lines: change(lines, "subject", metadata=[1]),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_file_is_refused_and_nothing_of_it_comes_in(
    people: Gallery, caller: Caller, how: str
) -> None:
    lines = SPOILT[how](exported(people, caller))
    other = replace(caller, tenant="umbrella")
    before = rows(people, Face), rows(people, Subject)
    with pytest.raises(InvalidRequest, match=r"Line \d+"):
        people.transfer.bring_in(other, "staff", lines)
    assert (rows(people, Face), rows(people, Subject)) == before
    with pytest.raises(NotFound):
        people.collections.one(other, "staff")
