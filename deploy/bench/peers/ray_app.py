"""Ray Serve with batching. ``python -m … PORT TASK``."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

import ray
from ray import serve
from starlette.requests import Request

from deploy.bench.work import load_work
from models.catalogue.card import Task


@serve.deployment(max_ongoing_requests=512)
class Predictor:
    def __init__(self, task: str) -> None:
        self._work = load_work(Task(task))

    @serve.batch(max_batch_size=16, batch_wait_timeout_s=0.005)
    async def predict(self, images: list[bytes]) -> list[Any]:
        return self._work.answer([self._work.decode(image) for image in images])

    async def __call__(self, request: Request) -> Any:
        if request.method == "GET":
            return "ok"
        form = await request.form()
        image: Any = form["image"]
        return await self.predict(await image.read())


def main() -> None:
    port, task = int(sys.argv[1]), sys.argv[2]
    ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    application: Any = Predictor
    serve.run(application.bind(task), route_prefix="/")
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
