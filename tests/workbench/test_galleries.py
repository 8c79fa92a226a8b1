"""The client's galleries, audit and metrics against a server that answers the contract, or breaks it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from contract_stub import FACE, ContractStub, refusal, success
from starlette.responses import Response

from bentos.contracts import (
    AuditPage,
    CollectionInfo,
    CollectionPage,
    Enrolled,
    Erased,
    ErrorCode,
    FaceOptions,
    IdentifyOptions,
    Imported,
    SubjectInfo,
    SubjectPage,
)
from workbench.calls import RECOGNITION, galleries
from workbench.client import (
    ApiError,
    AsyncFaceSocialClient,
    ConnectionFailed,
    Endpoints,
    FaceSocialClient,
    NotConfigured,
    RetryPolicy,
    UnexpectedAnswer,
)

QUICK = RetryPolicy(attempts=3, base_s=0.001)
SINCE = datetime(2026, 1, 2, tzinfo=UTC)
STAFF = CollectionInfo(
    name="staff", created_at=SINCE, subjects=1, faces=2, model="stub", model_version="1", model_digest="0" * 64,
    dimension=2, current=True,
)  # fmt: skip
ENROLLED = Enrolled(subject_id="ann", face_id="f1", quality=FACE.quality)
HEAD, END = b'{"type":"head"}\n', b'{"type":"end","subjects":1,"faces":1}\n'


@pytest.fixture
def client(stub: ContractStub) -> Iterator[FaceSocialClient]:
    with FaceSocialClient(Endpoints({RECOGNITION: stub.url}), token="a.b.c", retry=QUICK) as client:
        yield client


def later(stub: ContractStub) -> AsyncFaceSocialClient:
    return AsyncFaceSocialClient(Endpoints({RECOGNITION: stub.url}), token="a.b.c", retry=QUICK)


def people(*names: str, next_cursor: str | None = None) -> SubjectPage:
    infos = [SubjectInfo(subject_id=name, metadata={}, faces=1, created_at=SINCE) for name in names]
    return SubjectPage(subjects=infos, next_cursor=next_cursor)


def test_an_enrolment_sends_all_that_it_is_given(client, stub):
    stub.will_answer("subjects", success(ENROLLED))
    options = FaceOptions(max_faces=1)
    assert client.galleries.enrol("staff", "ann", b"x", metadata={"a": [1]}, options=options).data == ENROLLED
    (seen,) = stub.seen
    assert (seen.method, seen.path) == ("POST", "/api/v1/collections/staff/subjects")
    assert seen.files == [("image", b"x")]
    assert (seen.fields["subject_id"], seen.fields["max_faces"]) == ("ann", "1")
    assert json.loads(seen.fields["metadata"]) == {"a": [1]}


def test_fields_without_a_file_travel_as_json(client, stub):
    stub.will_answer("collections", success(STAFF))
    assert client.galleries.create("staff").data == STAFF
    assert json.loads(stub.seen[0].body) == {"name": "staff"}
    assert stub.seen[0].headers["content-type"] == "application/json"


WRITES: dict[str, tuple[str, Any, tuple[Any, ...]]] = {
    "create": ("collections", STAFF, ("staff",)),
    "delete": ("staff", Erased(subjects=1, faces=2), ("staff",)),
    "enrol": ("subjects", ENROLLED, ("staff", "ann", b"x")),
    "delete_subject": ("ann", Erased(subjects=1, faces=2), ("staff", "ann")),
    "delete_face": ("f1", Erased(subjects=0, faces=1), ("staff", "ann", "f1")),
    "import_lines": ("import", Imported(subjects=1, faces=1, skipped=0), ("staff", HEAD + END)),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_tried_again_with_its_own_key(client, stub, write):
    operation, answer, arguments = WRITES[write]
    stub.will_answer(operation, refusal(503, ErrorCode.OVERLOADED), success(answer), success(answer))
    assert getattr(client.galleries, write)(*arguments).data == answer
    getattr(client.galleries, write)(*arguments)
    first, repeated, other = (seen.headers["idempotency-key"] for seen in stub.seen)
    assert first == repeated
    assert first != other, "another write has another key"
    assert stub.seen[0].body == stub.seen[1].body or stub.seen[0].files == stub.seen[1].files


def test_a_key_of_the_caller_is_taken(client, stub):
    stub.will_answer("subjects", success(ENROLLED))
    client.galleries.enrol("staff", "ann", b"x", key="mine-1")
    assert stub.seen[0].headers["idempotency-key"] == "mine-1"


def test_every_call_that_writes_has_a_key_and_none_that_reads():
    writes = [
        galleries.create("c"), galleries.delete("c"), galleries.enrol("c", "s", b""), galleries.purge(),
        galleries.enrol_batch("c", [("s", b"")]), galleries.delete_subject("c", "s"), galleries.reindex(),
        galleries.delete_face("c", "s", "f"), galleries.import_lines("c", b""), galleries.rebuild_index(),
    ]  # fmt: skip
    reads = [
        galleries.collections(), galleries.collection("c"), galleries.subjects("c"), galleries.subject("c", "s"),
        galleries.identify("c", b""), galleries.export("c"),
    ]  # fmt: skip
    assert all(call.key for call in writes)
    assert all(call.key is None for call in reads)


def test_a_conflict_is_final(client, stub):
    stub.will_answer("collections", refusal(409, ErrorCode.CONFLICT))
    with pytest.raises(ApiError, match="CONFLICT"):
        client.galleries.create("staff")
    assert len(stub.seen) == 1


@pytest.mark.parametrize("name", ["", "..", ".", "a/b", "a b", "-a", "x" * 101, "ä", "a\n"])
def test_what_is_no_collection_is_not_asked_for(client, stub, name):
    for call in (client.galleries.delete, client.galleries.collection, client.galleries.create):
        with pytest.raises(ValueError, match="name"):
            call(name)
    assert not stub.seen


@pytest.mark.parametrize("subject", ["", ".", "..", "a/b", " ann", "a\nb", "x" * 201])
def test_what_is_no_subject_is_not_erased(client, stub, subject):
    with pytest.raises(ValueError):  # noqa: PT011
        client.galleries.delete_subject("staff", subject)
    assert not stub.seen


def test_a_name_cannot_leave_its_place_in_the_path(client, stub):
    call = galleries.delete_face("staff", "ann lee?%2f#", "x/../../y")
    assert call.path == "collections/staff/subjects/ann%20lee%3F%252f%23/faces/x%2F..%2F..%2Fy"
    for face in ("..", ".", ""):
        with pytest.raises(ValueError, match="no name"):
            client.galleries.delete_face("staff", "ann", face)
    with pytest.raises(ValueError, match="no name"):
        client.delete_job("..")


def test_a_listing_is_gone_through_page_by_page(client, stub):
    stub.will_answer("subjects", success(people("a", "b", next_cursor="two")), success(people("c")))
    names = [one.subject_id for one in client.galleries.iter_subjects("staff", limit=2)]
    assert names == ["a", "b", "c"]
    assert [seen.query for seen in stub.seen] == [{"limit": "2"}, {"limit": "2", "cursor": "two"}]


def test_no_page_is_asked_for_before_it_is_wanted(client, stub):
    stub.will_answer("subjects", success(people("a", "b", next_cursor="two")))
    found = client.galleries.iter_subjects("staff")
    assert not stub.seen
    assert next(found).subject_id == "a"
    assert len(stub.seen) == 1


def test_collections_and_audit_are_gone_through_as_well(client, stub):
    page = CollectionPage(collections=[STAFF], next_cursor=None)
    stub.will_answer("collections", success(page))
    stub.will_answer(
        "audit",
        success(AuditPage(events=[], next_cursor="x")),
        success(AuditPage(events=[], next_cursor=None)),
    )
    assert list(client.galleries.iter_collections()) == [STAFF]
    assert list(client.iter_audit()) == []
    assert [seen.query.get("cursor") for seen in stub.seen[1:]] == [None, "x"]


async def test_asynchronously_the_same(stub):
    stub.will_answer(
        "subjects", success(ENROLLED), success(people("a", next_cursor="two")), success(people("b"))
    )
    stub.will_answer("export", Response(HEAD + END))
    async with later(stub) as client:
        assert (await client.galleries.enrol("staff", "ann", b"x")).data == ENROLLED
        assert [one.subject_id async for one in client.galleries.iter_subjects("staff")] == ["a", "b"]
        assert [line async for line in client.galleries.export("staff")] == [HEAD, END]
        stub.will_answer("export", Response(HEAD))
        with pytest.raises(UnexpectedAnswer, match="not the last one"):
            assert [line async for line in client.galleries.export("staff")]
        with pytest.raises(ValueError, match="name"):
            client.galleries.delete("..")


def test_an_export_is_read_line_by_line(client, stub):
    odd = '{"type":"subject","subject_id":"a\u2028b\u0085"}\n'.encode()
    stub.will_answer("export", refusal(503, ErrorCode.OVERLOADED), Response(HEAD + odd + END))
    assert list(client.galleries.export("staff")) == [HEAD, odd, END]
    assert len(stub.seen) == 2


@pytest.mark.parametrize("body", [b"", HEAD, HEAD + END[:-9], END + HEAD, b"<h1>It works!</h1>"])
def test_an_export_that_was_cut_off_is_not_taken_for_whole(client, stub, body):
    stub.will_answer("export", Response(body))
    with pytest.raises(UnexpectedAnswer, match="not the last one"):
        list(client.galleries.export("staff"))


def test_a_connection_that_breaks_in_an_export_is_an_error_of_the_client(client, stub):
    class Broken(Response):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            head = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]}
            await send(head)
            await send({"type": "http.response.body", "body": HEAD, "more_body": False})

    stub.will_answer("export", Broken())
    lines = client.galleries.export("staff")
    assert next(lines) == HEAD
    with pytest.raises(ConnectionFailed):
        next(lines)


def test_a_refused_export_says_why(client, stub):
    stub.will_answer("export", refusal(403, ErrorCode.FORBIDDEN))
    with pytest.raises(ApiError, match="FORBIDDEN") as caught:
        list(client.galleries.export("staff"))
    assert caught.value.request_id == "stub-error"


def test_an_import_is_sent_as_lines(client, stub):
    stub.will_answer("import", success(Imported(subjects=1, faces=1, skipped=0)))
    client.galleries.import_lines("copy", HEAD + END)
    assert stub.seen[0].body == HEAD + END
    assert stub.seen[0].headers["content-type"] == "application/x-ndjson"


def test_identification_sends_its_options(client, stub):
    stub.will_answer("identify", refusal(404, ErrorCode.NOT_FOUND))
    with pytest.raises(ApiError, match="NOT_FOUND"):
        client.galleries.identify("staff", b"x", IdentifyOptions(far=0.01, top_k=2))
    assert (stub.seen[0].fields["far"], stub.seen[0].fields["top_k"]) == ("0.01", "2")


def test_metrics_are_text_and_need_no_token(stub):
    stub.will_answer("metrics", Response("# HELP a b\na 1\n"), Response("<h1>It works!</h1>"))
    with FaceSocialClient(Endpoints({RECOGNITION: stub.url})) as client:
        assert client.metrics(RECOGNITION).endswith("a 1\n")
        with pytest.raises(UnexpectedAnswer):
            client.metrics(RECOGNITION)
    assert stub.seen[0].path == "/metrics"


def test_no_gateway_is_asked_for_metrics(stub):
    with (
        FaceSocialClient(Endpoints(gateway=stub.url)) as client,
        pytest.raises(NotConfigured, match="own address"),
    ):
        client.metrics(RECOGNITION)
    assert not stub.seen
