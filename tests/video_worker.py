"""The worker of video jobs in processes of its own, and the place where its jobs lie."""

from __future__ import annotations

import hashlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
from pydantic import SecretStr

from bentos.common.audit.caller import Caller
from bentos.common.database import Database
from bentos.common.database.upgrade import upgrade
from bentos.common.settings import DatabaseSettings, Settings
from bentos.contracts import VideoOptions
from bentos.deepfake_detection.settings import VideoSettings, worker_mark
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.jobs import JobRecord, JobStore, NewJob, new_job_id
from bentos.deepfake_detection.video.sending import Sender
from bentos.deepfake_detection.video.uploads import Uploads

MODULE = "bentos.deepfake_detection.video.worker"
ANALYSE = "bentos.deepfake_detection.video.analyse"
CALLER = Caller("acme", "ada", "operator", "tests")
LIMIT_S = 90.0
STOP_LIMIT_S = 20.0
POLL_S = 0.05
MARK = "TESTS_VIDEO_WORKER"


@dataclass
class VideoWorker:
    """Starts the worker, waits until it takes jobs, and stops or kills it with all that it started.

    Args:
        folder: Holds its state and output.
        mirror: Folder of the published weights.
        models: Where graphs are built; shared by all workers of a run.
        settings: Further settings, by their full names; with a service's state folder it works for that service.
    """

    folder: Path
    mirror: Path
    models: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    _mark: str = field(default_factory=lambda: secrets.token_hex(16))
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start, and wait until it takes jobs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ready = worker_mark(self.own)
        ready.unlink(missing_ok=True)
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", MODULE],
                env=self.environment(),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.wait(ready.exists)

    @property
    def output(self) -> Path:
        return self.folder / "output.log"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def own(self) -> Settings:
        """Settings as the worker reads them."""
        database, redis = map(self.settings.get, ("FACESOCIAL_DATABASE_URL", "FACESOCIAL_REDIS_URL"))
        return Settings(
            state_dir=Path(self.settings.get("FACESOCIAL_STATE_DIR", self.folder / "state")),
            database_url=SecretStr(database) if database else None,
            redis_url=SecretStr(redis) if redis else None,
        )

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FACESOCIAL_")}
        own = {
            MARK: self._mark,
            "FACESOCIAL_STATE_DIR": str(self.folder / "state"),
            "FACESOCIAL_MODEL_MIRROR": str(self.mirror),
            "FACESOCIAL_MODEL_DIR": str(self.models),
            "FACESOCIAL_MODEL_OFFLINE": "true",
        }
        return {**kept, **own, **self.settings}

    def processes(self, module: str = "") -> list[psutil.Process]:
        """Its processes, orphans included; those of one module where it is named."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                own = process.environ().get(MARK) == self._mark
                if own and process.status() != psutil.STATUS_ZOMBIE and module in [*process.cmdline(), ""]:
                    found.append(process)
        return found

    def kill(self) -> None:
        """The worker and its child at once, as ``kill -9`` and a power cut do."""
        everything = self.processes()
        for process in everything:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(everything, timeout=STOP_LIMIT_S)
        assert self._process is not None
        self._process.wait(STOP_LIMIT_S)

    def kill_worker(self) -> None:
        """The worker alone; its child has to notice."""
        os.kill(self.pid, signal.SIGKILL)
        assert self._process is not None
        self._process.wait(STOP_LIMIT_S)

    def stop(self) -> None:
        """As ``kill PID`` does; nothing may be left of it."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_LIMIT_S)
        left = self.processes()
        for process in left:
            process.kill()
        self._process.wait(STOP_LIMIT_S)
        assert left == [], f"left behind: {left}\n{self.tail()}"

    def wait(self, until: Callable[[], object], limit_s: float = LIMIT_S) -> None:
        """Until something is so, while the worker runs."""
        limit = time.monotonic() + limit_s
        while not until():
            assert time.monotonic() < limit, f"it takes too long\n{self.tail()}"
            assert self._process is not None
            assert self._process.poll() is None, f"it ended\n{self.tail()}"
            time.sleep(POLL_S)

    def tail(self) -> str:
        return self.output.read_text(errors="replace")[-4000:]


class Desk:
    """Hands videos in as the service does, and looks at what becomes of them.

    Args:
        worker: Whose stores they go to; it need not run.
        settings: Of videos.
    """

    def __init__(self, worker: VideoWorker, settings: VideoSettings | None = None) -> None:
        self.settings = settings or VideoSettings()
        own = worker.own
        url = own.database.url
        self.database = Database(DatabaseSettings(url=url, pool_size=4, timeout_s=10))
        upgrade(self.database)
        self.store = JobStore(self.database)
        self.uploads = Uploads(self.settings.uploads(own))
        self._sender = Sender(own, self.settings)

    def submit(self, video: Path, facts: VideoFacts, **options: Any) -> str:
        """Hand a video in; its id."""
        data, job_id = video.read_bytes(), new_job_id()
        part = self.uploads.begin(job_id, max_bytes=len(data), min_free_bytes=0)
        part.write(memoryview(data))
        part.keep()
        new = NewJob(job_id, VideoOptions(**options), len(data), hashlib.sha256(data).hexdigest(), facts)
        self.store.create(CALLER, new, None, self.settings)
        self._sender.send(job_id)
        return job_id

    def job(self, job_id: str) -> JobRecord:
        return self.store.get(CALLER.tenant, job_id)

    def over(self, job_id: str) -> bool:
        """Whether a job has ended, and its upload is gone unless it is kept."""
        job = self.job(job_id)
        return job.status.over and self.uploads.path(job_id).exists() == job.upload_kept

    def chunks(self, job_id: str) -> int:
        return len(self.store.chunks(job_id))

    def close(self) -> None:
        self._sender.close()
        self.database.close()
