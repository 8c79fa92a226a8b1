"""Searching among subjects, which the service itself does not do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from contract_stub import ContractStub, refusal, success

from bentos.contracts import ErrorCode, SubjectDetail, SubjectInfo, SubjectPage
from workbench.calls import RECOGNITION
from workbench.client import ApiError, Endpoints, FaceSocialClient
from workbench.components import subjects
from workbench.components.subjects import PAGE, Found, search

SINCE = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def client(stub: ContractStub) -> Iterator[FaceSocialClient]:
    with FaceSocialClient(Endpoints({RECOGNITION: stub.url}), token="a.b.c") as client:
        yield client


def page_of(*names: str, following: str | None = None) -> SubjectPage:
    found = [SubjectInfo(subject_id=name, metadata={}, faces=1, created_at=SINCE) for name in names]
    return SubjectPage(subjects=found, next_cursor=following)


def names(found: Found) -> list[str]:
    return [one.subject_id for one in found.subjects]


def test_a_part_of_a_name_is_found_on_every_page(client: FaceSocialClient, stub: ContractStub) -> None:
    stub.will_answer("ann", refusal(404, ErrorCode.NOT_FOUND))
    stub.will_answer("subjects", success(page_of("Annabel", "bob", following="x")), success(page_of("joann")))
    assert search(client, "staff", "ann") == Found(
        [*page_of("Annabel", "joann").subjects], next_cursor=None, complete=True
    )


def test_the_exact_name_comes_first_and_once(client: FaceSocialClient, stub: ContractStub) -> None:
    stub.will_answer("ann", success(SubjectDetail(subject_id="ann", metadata={}, created_at=SINCE, faces=[])))
    stub.will_answer("subjects", success(page_of("annabel", "ann")))
    assert names(search(client, "staff", "ann")) == ["ann", "annabel"]


def test_what_cannot_be_a_name_is_still_a_part_of_one(client: FaceSocialClient, stub: ContractStub) -> None:
    stub.will_answer("subjects", success(page_of("..a", "b")))
    assert names(search(client, "staff", "..")) == ["..a"]


def test_too_many_are_cut_and_said_so(client: FaceSocialClient, stub: ContractStub) -> None:
    stub.will_answer("n", refusal(404, ErrorCode.NOT_FOUND))
    stub.will_answer("subjects", success(page_of(*[f"n{number}" for number in range(PAGE + 5)])))
    found = search(client, "staff", "n")
    assert len(found.subjects) == PAGE
    assert not found.complete


def test_a_search_ends(client: FaceSocialClient, stub: ContractStub) -> None:
    stub.will_answer("zoe", refusal(404, ErrorCode.NOT_FOUND))
    full = [success(page_of(*[f"n{number}" for number in range(1000)], following="more")) for _ in range(12)]
    stub.will_answer("subjects", *full)
    assert search(client, "staff", "zoe") == Found([], complete=False)
    assert len(stub.seen) == 1 + subjects.SCANNED // subjects.SCAN_PAGE


def test_another_error_is_no_empty_answer(client: FaceSocialClient, stub: ContractStub) -> None:
    stub.will_answer("ann", refusal(403, ErrorCode.FORBIDDEN))
    with pytest.raises(ApiError, match="FORBIDDEN"):
        search(client, "staff", "ann")
