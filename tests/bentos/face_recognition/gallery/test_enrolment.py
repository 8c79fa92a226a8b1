"""Enrolling and identifying, on both sets of stores."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from drawn_faces import CROWD, EMPTY, POOR, drawn
from enrolling import enrol, identify, names, rows

from bentos.common.audit.caller import Caller
from bentos.common.context import Clock
from bentos.common.errors import Conflict, InvalidRequest, NotFound
from bentos.contracts import EnrolOptions, FaceSelection, IdentifyOptions, PageOptions
from bentos.face_recognition.gallery.assembly import Gallery
from bentos.face_recognition.tables import Face, OutboxEntry
from models.catalogue.card import ModelCard
from models.errors import InvalidImage, LowQuality, MultipleFaces, NoFace


def test_enrolled_people_are_identified_from_another_picture_and_strangers_are_not(
    staff: Gallery, caller: Caller
) -> None:
    for who in range(20):
        enrol(staff, caller, f"person-{who}", drawn(who), metadata={"badge": who})
    for who in range(20):
        (match,) = identify(staff, caller, drawn(who, view=7)).faces[0].matches
        assert match.subject_id == f"person-{who}"
        assert match.metadata == {"badge": who}
        assert 0.6 < match.similarity <= 1
    for stranger in range(20, 40):
        assert names(staff, caller, drawn(stranger)) == [[]]


def test_all_faces_of_a_picture_are_identified_and_an_empty_picture_has_none(
    staff: Gallery, caller: Caller
) -> None:
    enrol(staff, caller, "one", drawn(1))
    assert names(staff, caller, drawn(1, kind=CROWD)) == [["one"], ["one"]]
    assert identify(staff, caller, drawn(1, kind=EMPTY)).faces == []


def test_a_subject_is_matched_once_by_its_best_face_however_many_it_has(
    staff: Gallery, caller: Caller
) -> None:
    faces = {view: enrol(staff, caller, "often", drawn(1, view)).face_id for view in range(40)}
    for who in (2, 3):
        enrol(staff, caller, f"person-{who}", drawn(who))
    found = staff.identification.matches(
        _collection(staff, caller), _vector(staff, drawn(1, 5)), threshold=-1.0, limit=3
    )
    assert found[0].subject_id == "often"
    assert {match.subject_id for match in found} == {"often", "person-2", "person-3"}
    assert found[0].face_id == faces[5]


def test_a_repeated_request_key_adds_one_face_also_from_many_threads(staff: Gallery, caller: Caller) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: enrol(staff, caller, "one", drawn(1), key="k" * 64), range(8)))
    assert len({answer.face_id for answer in answers}) == 1
    assert rows(staff, Face) == 1
    with pytest.raises(Conflict, match="Idempotency-Key"):
        enrol(staff, caller, "one", drawn(2), key="k" * 64)
    with pytest.raises(Conflict, match="Idempotency-Key"):
        enrol(staff, caller, "two", drawn(1), key="k" * 64)


def test_many_threads_enrol_new_and_known_subjects_at_once(staff: Gallery, caller: Caller) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: enrol(staff, caller, f"person-{i % 5}", drawn(i % 5, i)), range(40)))
    assert staff.collections.one(caller, "staff").faces == 40
    assert staff.collections.one(caller, "staff").subjects == 5
    assert rows(staff, OutboxEntry) == 0
    assert staff.keeping.verification.verify().clean


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (drawn(1, kind=EMPTY), NoFace),
        (drawn(1, kind=CROWD), MultipleFaces),
        (drawn(1, kind=POOR), LowQuality),
        (b"no picture", InvalidImage),
    ],
)
def test_what_cannot_be_enrolled_leaves_nothing_behind(
    staff: Gallery, caller: Caller, image: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        enrol(staff, caller, "one", image)
    assert staff.collections.one(caller, "staff").subjects == 0
    assert staff.keeping.verification.verify().clean


def test_a_poor_face_is_refused_with_the_reasons(staff: Gallery, caller: Caller) -> None:
    with pytest.raises(LowQuality) as refused:
        enrol(staff, caller, "one", drawn(1, kind=POOR))
    assert refused.value.details["reasons"] == ["blurred"]
    assert refused.value.details["needed"]["score"] == 0.1


def test_the_same_person_under_a_second_name_is_hinted_at(staff: Gallery, caller: Caller) -> None:
    first = enrol(staff, caller, "jane", drawn(1))
    assert first.duplicates == []
    assert enrol(staff, caller, "jane", drawn(1, 2)).duplicates == []
    (hint,) = enrol(staff, caller, "janet", drawn(1, 3)).duplicates
    assert hint.subject_id == "jane"
    assert enrol(staff, caller, "john", drawn(9)).duplicates == []


def test_metadata_stays_until_other_metadata_is_sent(staff: Gallery, caller: Caller) -> None:
    odd = {"ключ": ["á", {"deep": None}], "n": 1e-7, "big": 2**53}
    enrol(staff, caller, "one", drawn(1), metadata=odd)
    enrol(staff, caller, "one", drawn(1, 2))
    assert staff.collections.subject(caller, "staff", "one").metadata == odd
    enrol(staff, caller, "one", drawn(1, 3), metadata={})
    assert staff.collections.subject(caller, "staff", "one").metadata == {}


def test_another_tenant_sees_nothing_of_it(staff: Gallery, caller: Caller) -> None:
    enrol(staff, caller, "one", drawn(1))
    other = replace(caller, tenant="umbrella")
    with pytest.raises(NotFound):
        identify(staff, other, drawn(1))
    staff.collections.create(other, "staff")
    assert names(staff, other, drawn(1)) == [[]]
    assert staff.collections.page(other, PageOptions(), staff.cursors).collections[0].faces == 0


def test_two_collections_of_one_tenant_are_apart(staff: Gallery, caller: Caller) -> None:
    enrol(staff, caller, "one", drawn(1))
    staff.collections.create(caller, "guests")
    found = staff.identification.identify(caller, "guests", drawn(1), IdentifyOptions(), Clock())
    assert found.faces[0].matches == []


def test_listings_go_through_every_page_once(staff: Gallery, caller: Caller) -> None:
    for who in range(7):
        enrol(staff, caller, f"p{who}", drawn(who))
    seen: list[str] = []
    cursor = None
    while True:
        page = staff.collections.subjects(caller, "staff", PageOptions(limit=3, cursor=cursor), staff.cursors)
        seen += [subject.subject_id for subject in page.subjects]
        assert all(subject.faces == 1 for subject in page.subjects)
        if (cursor := page.next_cursor) is None:
            break
    assert seen == [f"p{who}" for who in range(7)]


def test_a_cursor_of_another_listing_is_refused(staff: Gallery, caller: Caller) -> None:
    for who in range(3):
        enrol(staff, caller, f"p{who}", drawn(who))
    page = staff.collections.subjects(caller, "staff", PageOptions(limit=1), staff.cursors)
    staff.collections.create(caller, "guests")
    for ask in (
        lambda options: staff.collections.subjects(caller, "guests", options, staff.cursors),
        lambda options: staff.collections.page(caller, options, staff.cursors),
    ):
        with pytest.raises(InvalidRequest):
            ask(PageOptions(cursor=page.next_cursor))


def test_another_models_collection_is_refused_with_what_to_do(
    world: object, staff: Gallery, caller: Caller, newer: Callable[[ModelCard], ModelCard]
) -> None:
    enrol(staff, caller, "one", drawn(1))
    card = newer(staff.keeping.stores.card)
    stores = replace(staff.keeping.stores, running=lambda: card)
    other = Gallery.of(stores, staff.identification._analysis)
    for attempt in (
        lambda: identify(other, caller, drawn(1)),
        lambda: enrol(other, caller, "two", drawn(2)),
    ):
        with pytest.raises(Conflict, match="facesocial gallery reindex"):
            attempt()


@pytest.mark.parametrize("subject", ["", " ", "a/b", ".", "..", "a\nb", "a\0b", "x" * 201, " a"])
def test_a_subject_name_that_no_address_can_carry_is_refused(subject: str) -> None:
    with pytest.raises(ValueError, match="subject_id"):
        EnrolOptions(subject_id=subject)


@pytest.mark.parametrize(
    "metadata",
    ["[1]", "{", '{"a": NaN}', '{"a": "\\ud800"}', '{"a": 1e999}', '{"a": "' + "x" * 17_000 + '"}'],
)
def test_metadata_that_json_cannot_carry_is_refused(metadata: str) -> None:
    with pytest.raises(ValueError, match="metadata"):
        EnrolOptions.model_validate({"subject_id": "a", "metadata": metadata})


def _collection(gallery: Gallery, caller: Caller):  # type: ignore[no-untyped-def]
    return gallery.identification._collection(caller, "staff")


def _vector(gallery: Gallery, image: bytes):  # type: ignore[no-untyped-def]
    analysis = gallery.identification._analysis
    with analysis.perception.open(image, Clock()) as picture:
        faces = analysis.faces(picture, FaceSelection(), Clock())
        return analysis.outputs(picture, faces, Clock())[0]
