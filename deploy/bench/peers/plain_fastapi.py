"""What many would write: FastAPI, a thread for each request, uvicorn. ``python -m … PORT TASK``."""

from __future__ import annotations

import sys
from typing import Annotated

import uvicorn
from fastapi import FastAPI, File

from deploy.bench.work import load_work
from models.catalogue.card import Task


def main() -> None:
    port, task = int(sys.argv[1]), Task(sys.argv[2])
    work = load_work(task)
    app = FastAPI()

    @app.post("/predict")
    def predict(image: Annotated[bytes, File()]) -> list[list[float]]:
        return work.answer([work.decode(image)])[0]

    @app.get("/health")
    def health() -> str:
        return "ok"

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
