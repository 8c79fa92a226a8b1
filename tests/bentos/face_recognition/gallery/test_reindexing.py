"""A better model takes over: what was kept is embedded again, and the rest is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from drawn_faces import drawn
from enrolling import enrol, names, rows

from bentos.common.audit.caller import Caller
from bentos.common.tenants import set_policy
from bentos.face_recognition.gallery.assembly import Gallery
from bentos.face_recognition.tables import Face
from models.catalogue.card import ModelCard


@pytest.fixture
def both(world, staff: Gallery, caller: Caller, newer: Callable[[ModelCard], ModelCard]):  # type: ignore[no-untyped-def]
    """A gallery in which pictures of two people were kept and of one were not, and a replica with a newer model."""
    for who in (1, 2):
        enrol(staff, caller, f"p{who}", drawn(who))
    with staff.keeping.stores.database.write() as session:
        set_policy(session, "acme", retention_days=None, keep_images=False)
    enrol(staff, caller, "p3", drawn(3))
    enrol(staff, caller, "p2", drawn(2, 1))
    return staff, world


def test_kept_pictures_are_embedded_again_and_the_rest_is_named(
    both, caller: Caller, newer: Callable[[ModelCard], ModelCard]
) -> None:  # type: ignore[no-untyped-def]
    _, world = both
    card = newer(world.card)
    world.close()
    new: Gallery = world.replica(card)
    assert not new.collections.one(caller, "staff").current
    preview = new.reindexing.tenant(caller, dry=True)
    assert preview.enrol_again == {"staff": ["p3"]}
    assert not new.collections.one(caller, "staff").current
    report = new.reindexing.tenant(caller)
    assert (report.collections, report.faces, report.enrol_again) == (1, 2, {"staff": ["p3"]})
    assert new.collections.one(caller, "staff").current
    assert names(new, caller, drawn(1)) == [["p1"]]
    assert names(new, caller, drawn(2, 5)) == [["p2"]]
    assert names(new, caller, drawn(3)) == [[]]
    found = new.keeping.verification.verify()
    assert (found.clean, found.vectors, found.outdated) == (True, 2, 2)
    enrol(new, caller, "p3", drawn(3))
    assert names(new, caller, drawn(3)) == [["p3"]]
    assert new.reindexing.tenant(caller).collections == 0


def test_the_picture_that_was_kept_gives_the_same_face_again(
    both, caller: Caller, newer: Callable[[ModelCard], ModelCard]
) -> None:  # type: ignore[no-untyped-def]
    """What the new model sees of the kept picture is what it would have seen of the whole one."""
    _, world = both
    card = newer(world.card)
    world.close()
    new: Gallery = world.replica(card)
    new.reindexing.tenant(caller)
    (match,) = new.identification.identify(caller, "staff", drawn(1), _options(), _clock()).faces[0].matches
    assert match.similarity == pytest.approx(1, abs=1e-5)


def test_erasing_from_a_collection_of_the_older_model_works(
    both, caller: Caller, newer: Callable[[ModelCard], ModelCard]
) -> None:  # type: ignore[no-untyped-def]
    _, world = both
    card = newer(world.card)
    world.close()
    new: Gallery = world.replica(card)
    new.keeping.erasure.subject(caller, "staff", "p1")
    assert rows(new, Face) == 3
    assert new.keeping.verification.verify().clean


def _options():  # type: ignore[no-untyped-def]
    from bentos.contracts import IdentifyOptions

    return IdentifyOptions()


def _clock():  # type: ignore[no-untyped-def]
    from bentos.common.context import Clock

    return Clock()
