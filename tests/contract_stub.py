"""A real HTTP server that answers the contract, or whatever a test tells it to answer next."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import uvicorn
from service_process import free_port
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bentos.contracts import (
    AnalyzedFace,
    AnalyzeResult,
    BatchItem,
    BatchResult,
    Box,
    CheckedFace,
    CheckResult,
    DetectResult,
    EmbeddedFace,
    EmbedResult,
    ErrorBody,
    ErrorCode,
    ErrorMeta,
    EstimatedFace,
    EstimateResult,
    Face,
    Failure,
    Health,
    JobAccepted,
    JobDeleted,
    JobInfo,
    JobPage,
    JobStatus,
    Landmarks,
    Meta,
    ModelCards,
    ModelInfo,
    ModelRef,
    Moment,
    Quality,
    RefusedFace,
    Success,
    TimelinePoint,
    Timings,
    VerifyResult,
    VideoResult,
    VideoTrack,
)
from bentos.contracts.base import Message
from bentos.contracts.service import LicenceInfo

FACE = Face(
    box=Box(x=20, y=10, width=30, height=40),
    score=0.93,
    landmarks=Landmarks(
        left_eye=(28, 24), right_eye=(42, 24), nose=(35, 32), mouth_left=(29, 41), mouth_right=(41, 41)
    ),
    quality=Quality(score=0.8, sharpness=0.7, brightness=0.5, size=30, yaw=5, pitch=-0.2, roll=1),
)
RESULT = DetectResult(width=100, height=80, faces=[FACE, FACE.model_copy(update={"score": 0.71})])
MODEL = ModelRef(task="face-detection", name="stub", version="1.2.3")
HEALTH = Health(status="ok", service="face-detection-service", version="9.9", models=[MODEL], dependencies={})
CARDS = ModelCards(
    name="stub",
    version="1.2.3",
    digest="0" * 64,
    licence=LicenceInfo(code="Apache-2.0", url="https://example.com", training_data="none"),
    metrics=[],
    thresholds={"min_score": 0.6},
    models=[
        ModelInfo(
            task="any",
            name="stub",
            version="1.2.3",
            digest="0" * 64,
            summary="A stub.",
            licence=LicenceInfo(code="Apache-2.0", url="https://example.com", training_data="none"),
            thresholds={},
            metrics=[],
            finds=[],
            misses=["Everything that is no stub"],
        )
    ],
)
JUDGED = {**FACE.model_dump(), "detection_score": 0.93}
CHECKED = CheckedFace.model_validate(
    {**JUDGED, "live": False, "score": 0.31, "attack": {"print": 0.6, "replay": 0.09}}
)
REFUSED = RefusedFace(
    box=FACE.box, code=ErrorCode.LOW_QUALITY, message="It is too small.", reasons=["too_small"]
)
ANALYZED = AnalyzedFace.model_validate({**JUDGED, "fake": True, "score": 0.83})
ESTIMATED = EstimatedFace.model_validate(
    {
        **FACE.model_dump(),
        "age": 41.2,
        "age_range": (33.0, 49.0),
        "gender": {"label": "female", "confidence": 0.91},
    }
)
VIDEO = VideoResult(
    fake=True,
    score=0.83,
    duration_s=4.0,
    frames_analyzed=5,
    sample_fps=1.0,
    timeline=[
        TimelinePoint(time_s=float(at), score=score, faces=1 if score else 0)
        for at, score in enumerate((0.1, 0.2, 0.9, 0.0, 0.3))
    ],
    tracks=[
        VideoTrack(track_id=1, start_s=0.0, end_s=2.0, score=0.83, faces=3),
        VideoTrack(track_id=2, start_s=4.0, end_s=4.0, score=0.2, faces=1),
    ],
    moments=[Moment(time_s=4.0, track_id=2, score=0.3), Moment(time_s=2.0, track_id=1, score=0.9)],
)
BEGUN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
JOB = JobInfo(
    job_id="job-1",
    status=JobStatus.SUCCEEDED,
    progress=1.0,
    result=VIDEO,
    created_at=BEGUN,
    started_at=BEGUN,
    finished_at=BEGUN,
    attempts=1,
)
ANSWERS: Mapping[str, Message] = {
    "videos": JobAccepted(job_id="job-1"),
    "jobs": JobPage(jobs=[JOB.model_copy(update={"result": None})]),
    "job-1": JOB,
    "detect": RESULT,
    "model": CARDS,
    "embed": EmbedResult(
        faces=[EmbeddedFace.model_validate({**FACE.model_dump(), "embedding": [0.6, 0.8]})], dimension=2
    ),
    "verify": VerifyResult(
        similarity=0.61, threshold=0.47, match=True, probability=0.97, face_a=FACE, face_b=FACE
    ),
    "check": CheckResult(faces=[CHECKED], refused=[REFUSED]),
    "analyze": AnalyzeResult(faces=[ANALYZED], fake=True, score=0.83),
    "estimate": EstimateResult(faces=[ESTIMATED]),
}

PREFIX_OF_BATCH: Mapping[str, str] = {
    "face-recognition": "embed",
    "antispoofing": "check",
    "deepfake-detection": "analyze",
    "demographics": "estimate",
}


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    fields: Mapping[str, str]
    files: list[tuple[str, bytes]]
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class ContractStub:
    """Runs in a thread on a free port; ``replies`` go before the good answers, first come first served."""

    port: int = field(default_factory=free_port)
    seen: list[Seen] = field(default_factory=list)
    replies: dict[str, deque[Response | None]] = field(default_factory=lambda: defaultdict(deque))

    def __enter__(self) -> Self:
        config = uvicorn.Config(self._app(), host="127.0.0.1", port=self.port, log_level="error", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def will_answer(self, operation: str, *replies: Response | None) -> None:
        """Answer the next requests of an operation with these; None stands for the good answer."""
        self.replies[operation].extend(replies)

    def _app(self) -> Starlette:
        route = Route("/{path:path}", self._answer, methods=["GET", "POST", "DELETE"])
        return Starlette(routes=[route])

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        async with request.form(max_files=100) as form:
            items = form.multi_items()
            files = [(name, await file.read()) for name, file in items if isinstance(file, UploadFile)]
        fields = {name: value for name, value in items if isinstance(value, str)}
        headers, query = dict(request.headers), dict(request.query_params)
        self.seen.append(Seen(request.method, request.url.path, headers, fields, files, query, body))
        operation = request.url.path.rsplit("/", 1)[-1]
        scripted = self.replies[operation].popleft() if self.replies[operation] else None
        if request.method == "DELETE" and scripted is None:
            return success(JobDeleted(job_id=operation, status="deleted"))
        return scripted or _good(request.url.path, headers, len(files))


def refusal(
    status: int, code: ErrorCode | str, message: str = "Said by the stub.", **headers: str
) -> Response:
    """An error of the contract."""
    body = Failure.model_construct(
        error=ErrorBody.model_construct(code=code, message=message, details={"fact": 7}),
        meta=ErrorMeta(request_id="stub-error"),
    )
    named = {
        "X-Request-ID": "stub-error",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return Response(body.model_dump_json(warnings=False), status, named, "application/json")


def success(data: Message) -> Response:
    """A good answer of the contract."""
    meta = Meta(
        request_id="stub-request", models=[MODEL], timings_ms=Timings(decode=1.5, detect=2.5, total=4.25)
    )
    return _json(Success[Message].model_construct(success=True, data=data, meta=meta))


def _good(path: str, headers: Mapping[str, str], files: int) -> Response:
    before, operation = path.rsplit("/", 1)
    if operation == "health":
        return _json(HEALTH)
    if "authorization" not in headers:
        return refusal(401, ErrorCode.MISSING_TOKEN, "No token: send one.")
    if operation == "batch":
        data = ANSWERS[PREFIX_OF_BATCH.get(before.rsplit("/", 1)[-1], "detect")]
        items = [BatchItem[Message].model_construct(index=i, success=True, data=data) for i in range(files)]
        return success(BatchResult[Message].model_construct(results=items))
    return success(ANSWERS[operation])


def _json(message: Message) -> Response:
    return Response(message.model_dump_json(serialize_as_any=True), media_type="application/json")
