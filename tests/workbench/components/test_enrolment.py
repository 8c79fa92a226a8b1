"""Enrolling many pictures against a server that refuses some."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from contract_stub import FACE, ContractStub, refusal, success
from starlette.responses import Response

from bentos.contracts import Duplicate, Enrolled, ErrorCode, FaceOptions
from workbench.calls import RECOGNITION
from workbench.client import Endpoints, FaceSocialClient, RetryPolicy
from workbench.components.enrolment import AT_ONCE, Entry, Outcome, State, enrol_all, subject_of

DONE = Enrolled(subject_id="ann", face_id="f1", quality=FACE.quality)


@pytest.fixture
def client(stub: ContractStub) -> Iterator[FaceSocialClient]:
    with FaceSocialClient(
        Endpoints({RECOGNITION: stub.url}), token="a.b.c", retry=RetryPolicy(attempts=1)
    ) as client:
        yield client


def entries(*names: str) -> list[Entry]:
    return [Entry(name, f"{name}.jpg", name.encode(), name) for name in names]


def enrol(client: FaceSocialClient, *names: str, run: str = "r") -> list[Outcome]:
    return list(enrol_all(client, "staff", entries(*names), run, FaceOptions()))


@pytest.mark.parametrize(
    ("file", "numbered", "subject"),
    [
        ("ann.jpg", False, "ann"),
        ("ann-1.jpg", False, "ann-1"),
        ("ann-1.jpg", True, "ann"),
        ("ann lee (2).jpeg", True, "ann lee"),
        ("007.png", True, "007"),
        ("folder/bob_03.png", True, "bob"),
        ("C:\\pictures\\bob.png", False, "bob"),
        ("a\tb\n.png", False, "a b"),
        (".jpg", False, ".jpg"),
        ("x" * 300 + ".jpg", False, "x" * 200),
        ("R2D2.jpg", True, "R2D"),
    ],
)
def test_names_come_from_files(file: str, numbered: bool, subject: str) -> None:
    assert subject_of(file, numbered=numbered) == subject


def test_each_picture_has_its_own_outcome(client: FaceSocialClient, stub: ContractStub) -> None:
    poor = refusal(422, ErrorCode.LOW_QUALITY, "The face is too poor.")
    poor.body = poor.body.replace(b'{"fact":7}', b'{"reasons":["too_small","yaw"]}')
    poor.headers["content-length"] = str(len(poor.body))
    alike = DONE.model_copy(
        update={"duplicates": [Duplicate(subject_id="bob", face_id="f", similarity=0.912)]}
    )
    stub.will_answer("subjects", success(alike))
    (first,) = enrol(client, "a")
    stub.will_answer("subjects", poor)
    (second,) = enrol(client, "b")
    (third,) = enrol(client, "no/name")
    assert (first.state, first.said, first.quality) == (State.ENROLLED, "Looks like bob (0.91)", 0.8)
    assert (second.state, second.said) == (State.REFUSED, "The face is too poor. (too small, yaw)")
    assert third.state is State.REFUSED
    assert "no slashes" in third.said
    assert len(stub.seen) == 2, "a name that cannot be is not sent"


def test_outcomes_come_in_order_and_all_are_accounted_for(
    client: FaceSocialClient, stub: ContractStub
) -> None:
    stub.will_answer("subjects", *[success(DONE)] * 20)
    names = [f"p{number}" for number in range(20)]
    assert [one.entry.subject for one in enrol(client, *names)] == names
    assert sorted(seen.fields["subject_id"] for seen in stub.seen) == sorted(names)


@pytest.mark.parametrize("status", [401, 403, 404, 409, 429, 500, 503])
def test_what_would_fail_for_all_stops_the_rest(
    client: FaceSocialClient, stub: ContractStub, status: int
) -> None:
    stub.will_answer("subjects", *[refusal(status, ErrorCode.INTERNAL_ERROR)] * 20)
    found = enrol(client, *[f"p{number}" for number in range(20)])
    assert [one.state for one in found] == [State.NOT_SENT] * 20
    assert found[0].error is not None
    assert len(stub.seen) <= AT_ONCE + 1


def test_sent_again_in_the_same_run_the_key_is_the_same(client: FaceSocialClient, stub: ContractStub) -> None:
    stub.will_answer("subjects", *[Response(status_code=500), success(DONE), success(DONE)])
    for run in ("r", "r", "s"):
        enrol(client, "a", run=run)
    keys = [seen.headers["idempotency-key"] for seen in stub.seen]
    assert keys[0] == keys[1] != keys[2]
