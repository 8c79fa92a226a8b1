"""Runs without pages: every picture ends exactly once, whatever stops in between."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from batch_runs import accounted, batches, folder_run, over, states, until
from contract_stub import ANALYZED, RESULT, ContractStub, refusal, success
from small_pictures import small_picture, zip_of
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bentos.contracts import AnalyzeResult, BatchItem, BatchResult, ErrorBody, ErrorCode
from bentos.contracts.base import Message
from workbench.endpoints import Endpoints
from workbench.runs.access import Access
from workbench.runs.manager import RunManager
from workbench.runs.model import RunSettings, Source, Wanted
from workbench.runs.tasks import TASKS

ALL = tuple(TASKS)
Restart = Callable[[], RunManager]


def upload_run(manager: RunManager, access: Access, files: dict[str, bytes], **settings: object) -> str:
    source = Source(kind="pictures", title="uploads", names=tuple(files))
    streams = [io.BytesIO(data) for data in files.values()]
    return manager.begin("local", source, RunSettings.model_validate(settings), access, streams)


def test_all_five_tasks_are_asked_about_every_picture(
    manager: RunManager, access: Access, tmp_path: Path, stub: ContractStub
) -> None:
    run_id = folder_run(manager, access, tmp_path, 10, tasks=ALL, together=4)
    assert over(manager, run_id) == {"done": 10}
    assert accounted(manager, run_id) == 10
    assert sorted(batches(stub)) == [2] * 5 + [4] * 10
    answers = manager.overview.answers(run_id)
    assert len(answers) == 50
    assert all(answer["latency_ms"] > 0 and answer["request_id"] == "stub-request" for answer in answers)


def test_settings_are_sent(manager: RunManager, access: Access, tmp_path: Path, stub: ContractStub) -> None:
    settings = {"min_score": 0.3, "min_size": 12, "max_faces": 2, "threshold": 0.7}
    over(manager, folder_run(manager, access, tmp_path, 3, tasks=("liveness",), **settings))
    assert stub.seen[-1].fields == {
        "min_score": "0.3",
        "min_size": "12.0",
        "max_faces": "2",
        "threshold": "0.7",
    }


def test_embeddings_are_kept_only_where_they_are_wanted(
    manager: RunManager, access: Access, tmp_path: Path
) -> None:
    for keep in (False, True):
        run_id = folder_run(manager, access, tmp_path, 1, tasks=("embed",), keep_embeddings=keep)
        over(manager, run_id)
        (face,) = json.loads(manager.overview.answers(run_id)[0]["data"])["faces"]
        assert face.get("embedding") == ([0.6, 0.8] if keep else None)


def test_what_is_no_picture_and_what_comes_twice_is_skipped_with_a_reason(
    manager: RunManager, access: Access
) -> None:
    files = {"a.png": small_picture(1), "b.txt": b"Dear Sir", "c.png": small_picture(1), "d": b""}
    run_id = upload_run(manager, access, files)
    assert over(manager, run_id) == {"done": 1, "skipped": 3}
    assert [item.reason for item in manager.overview.items(run_id)] == [
        "", "No JPEG, PNG, WebP or BMP", "The same picture as a.png", "An empty file",
    ]  # fmt: skip
    assert accounted(manager, run_id) == 4


def test_a_hostile_archive_is_accounted_for(manager: RunManager, access: Access) -> None:
    data = zip_of({"../a.png": small_picture(1), "b.png": small_picture(2), "c.zip": zip_of({"d": b"d"})})
    run_id = manager.begin(
        "local", Source(kind="zip", title="z", names=("z",)), RunSettings(), access, [io.BytesIO(data)]
    )
    assert over(manager, run_id) == {"done": 1, "skipped": 2}


def test_what_is_no_archive_ends_the_run_with_a_reason(manager: RunManager, access: Access) -> None:
    source = Source(kind="zip", title="z", names=("z",))
    run_id = manager.begin("local", source, RunSettings(), access, [io.BytesIO(b"PK no zip")])
    over(manager, run_id)
    run = manager.ledger.find(run_id)
    assert run is not None
    assert run.wanted is Wanted.CANCEL
    assert "The ZIP file cannot be read" in run.reason


def kept(manager: RunManager, run_id: str) -> int:
    return len(list(manager.pictures(run_id).folder.glob("pictures/*")))


def test_pictures_go_when_they_are_answered_unless_they_are_kept(
    manager: RunManager, access: Access, stub: ContractStub
) -> None:
    files = {f"{number}": small_picture(number) for number in range(3)}
    stub.will_answer("batch", refusal(500, ErrorCode.INTERNAL_ERROR))
    stub.will_answer("detect", refusal(500, ErrorCode.INTERNAL_ERROR))
    run_id = upload_run(manager, access, files)
    assert over(manager, run_id) == {"done": 2, "failed": 1}
    assert kept(manager, run_id) == 1, "the failed one may be sent again"
    assert not manager.pictures(run_id).source.exists()
    manager.again(run_id, access)
    assert over(manager, run_id) == {"done": 3}
    assert kept(manager, run_id) == 0
    run_id = upload_run(manager, access, files, keep_pictures=True)
    over(manager, run_id)
    assert kept(manager, run_id) == 3


def test_a_picture_that_changed_meanwhile_is_failed_and_not_sent(
    manager: RunManager, access: Access, tmp_path: Path, stub: ContractStub
) -> None:
    stub.will_answer("batch", *[refusal(503, ErrorCode.OVERLOADED)] * 3)
    run_id = folder_run(manager, access, tmp_path, 3)
    until(lambda: bool(manager.waits(run_id)), "the run waits")
    (tmp_path / "drawn" / "00001.png").write_bytes(small_picture(99))
    (tmp_path / "drawn" / "00002.png").unlink()
    assert over(manager, run_id) == {"done": 1, "failed": 2}
    assert {answer["code"] for answer in manager.overview.answers(run_id)} == {None, "PICTURE_GONE"}


def test_errors_of_single_pictures_are_kept_with_code_and_request(
    manager: RunManager, access: Access, tmp_path: Path, stub: ContractStub
) -> None:
    error = ErrorBody(code=ErrorCode.INVALID_IMAGE, message="Broken.")
    items = [item(0, RESULT), item(1, error=error)]
    stub.will_answer("batch", success(BatchResult[Message].model_construct(results=items)))
    run_id = folder_run(manager, access, tmp_path, 3, together=3)
    assert over(manager, run_id) == {"done": 1, "failed": 2}
    said = [
        (answer["code"], answer["message"], answer["request_id"])
        for answer in manager.overview.answers(run_id)
    ]
    assert said == [
        (None, None, "stub-request"),
        ("INVALID_IMAGE", "Broken.", "stub-request"),
        ("UNEXPECTED_ANSWER", "The answer says nothing of this picture.", "stub-request"),
    ]


def item(index: int, data: Message | None = None, error: ErrorBody | None = None) -> BatchItem[Message]:
    return BatchItem[Message].model_construct(index=index, success=error is None, data=data, error=error)


def test_a_part_that_says_later_waits_and_is_sent_again(
    manager: RunManager, access: Access, tmp_path: Path, stub: ContractStub
) -> None:
    later = ErrorBody(code=ErrorCode.OVERLOADED, message="Later.")
    items = [item(0, RESULT), item(1, error=later)]
    stub.will_answer("batch", success(BatchResult[Message].model_construct(results=items)))
    run_id = folder_run(manager, access, tmp_path, 2, together=2)
    assert over(manager, run_id) == {"done": 2}
    assert batches(stub) == [2, 1]


def test_a_batch_that_is_refused_as_a_whole_is_sent_one_by_one(
    manager: RunManager, access: Access, tmp_path: Path, stub: ContractStub
) -> None:
    stub.will_answer("batch", refusal(413, ErrorCode.PAYLOAD_TOO_LARGE))
    stub.will_answer("detect", None, refusal(422, ErrorCode.NO_FACE, "Nobody."))
    run_id = folder_run(manager, access, tmp_path, 4, together=4)
    assert over(manager, run_id) == {"done": 3, "failed": 1}
    codes = [answer["code"] for answer in manager.overview.answers(run_id)]
    assert codes == [None, "NO_FACE", None, None]


def test_an_answer_of_another_kind_fails_the_pictures(
    manager: RunManager, access: Access, tmp_path: Path, stub: ContractStub
) -> None:
    stub.will_answer("batch", Response("hello", media_type="text/html"))
    wrong = success(AnalyzeResult(faces=[ANALYZED], fake=True, score=0.8))
    stub.will_answer("detect", wrong, wrong)
    run_id = folder_run(manager, access, tmp_path, 2)
    assert over(manager, run_id) == {"failed": 2}


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_service_is_waited_for(
    manager: RunManager, access: Access, tmp_path: Path, stub: ContractStub, status: int
) -> None:
    stub.will_answer("batch", *[refusal(status, ErrorCode.OVERLOADED)] * 2)
    run_id = folder_run(manager, access, tmp_path)
    assert over(manager, run_id) == {"done": 20}
    assert len(batches(stub)) == 5


def test_one_service_that_is_away_does_not_keep_the_others(
    manager: RunManager, tmp_path: Path, stub: ContractStub
) -> None:
    away = {"antispoofing-service": "http://127.0.0.1:9"}
    access = Access(Endpoints(away, stub.url), "a.b.c")
    run_id = folder_run(
        manager, access, tmp_path, 10, tasks=("detect", "liveness", "demographics"), patience_s=300
    )
    until(lambda: manager.overview.counts(run_id).answered == 20, "the other two are through")
    (wait,) = manager.waits(run_id).items()
    assert wait[0] == "antispoofing-service"
    assert "does not answer" in wait[1].said
    manager.open(run_id, replace(access, endpoints=Endpoints(gateway=stub.url)))
    assert over(manager, run_id) == {"done": 10}


def test_patience_ends_and_the_run_can_be_resumed(
    manager: RunManager, access: Access, tmp_path: Path, stub: ContractStub
) -> None:
    stub.will_answer("batch", *[refusal(503, ErrorCode.DEPENDENCY_UNAVAILABLE, "Starting.")] * 9)
    run_id = folder_run(manager, access, tmp_path, 5, patience_s=0.6)
    assert over(manager, run_id) == {"waiting": 5}
    run = manager.ledger.find(run_id)
    assert run is not None
    assert run.wanted is Wanted.PAUSE
    assert "face-detection-service did not answer for 0.01 minutes: Starting." in run.reason
    stub.replies.clear()
    manager.resume(run_id, access)
    assert over(manager, run_id) == {"done": 5}


class Breaking(Response):
    """An answer whose end never comes: the server closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"99")]})


class BreaksOver(ContractStub):
    """Breaks the connection over one picture, and is well."""

    deadly = small_picture(2)

    async def _answer(self, request: Request) -> Response:
        answer = await super()._answer(request)
        return Breaking() if self.deadly in [data for _, data in self.seen[-1].files] else answer


def test_a_picture_that_breaks_every_connection_is_given_up_alone(
    manager: RunManager, access: Access, tmp_path: Path
) -> None:
    with BreaksOver() as stub:
        there = replace(access, endpoints=Endpoints(gateway=stub.url))
        run_id = folder_run(manager, there, tmp_path, 4, together=4, at_once=1)
        assert over(manager, run_id) == {"done": 3, "failed": 1}
        assert [answer["code"] for answer in manager.overview.answers(run_id)] == [
            None,
            None,
            "NO_ANSWER",
            None,
        ]
        assert batches(stub) == [4, 4, 4, 1, 1, 1, 1, 1, 1]


def test_a_token_that_is_refused_is_not_tried_twice(
    manager: RunManager, access: Access, tmp_path: Path, stub: ContractStub
) -> None:
    stub.will_answer("batch", *[refusal(401, ErrorCode.INVALID_TOKEN, "Expired.")] * 10)
    run_id = folder_run(manager, access, tmp_path, 5, at_once=1)
    until(lambda: not manager.is_working(run_id), "the run stops")
    asked = len(stub.seen)
    manager.open(run_id, access)
    assert not manager.is_working(run_id)
    assert len(stub.seen) == asked
    assert states(manager, run_id) == {"waiting": 5}
    stub.replies.clear()
    manager.open(run_id, replace(access, token="new.new.new"))
    assert over(manager, run_id) == {"done": 5}
    assert stub.seen[-1].headers["authorization"] == "Bearer new.new.new"


def test_a_token_that_is_none_stops_the_run_with_a_word(
    manager: RunManager, access: Access, tmp_path: Path
) -> None:
    run_id = folder_run(manager, replace(access, token="with blank"), tmp_path, 2)
    until(lambda: not manager.is_working(run_id), "the run stops")
    run = manager.ledger.find(run_id)
    assert run is not None
    assert "The token is none" in run.reason
    assert states(manager, run_id) == {"waiting": 2}


def test_the_token_is_written_nowhere(managers: Restart, access: Access, tmp_path: Path) -> None:
    manager = managers()
    run_id = folder_run(manager, replace(access, token="secret.secret.secret"), tmp_path, 3)
    over(manager, run_id)
    manager.close()
    for path in (tmp_path / "data").rglob("*"):
        if path.is_file():
            assert b"secret.secret" not in path.read_bytes()
