"""LitServe with batching. ``python -m … PORT TASK``."""

# No postponed annotations: LitServe reads the class of decode_request's parameter.
import sys
from typing import Any

import litserve
import numpy as np
from starlette.requests import Request

from deploy.bench.work import Work, load_work
from models.catalogue.card import Task


class Api(litserve.LitAPI):
    def __init__(self, task: Task) -> None:
        super().__init__(max_batch_size=16, batch_timeout=0.005)
        self._task = task

    def setup(self, device: str) -> None:
        self._work: Work = load_work(self._task)

    def decode_request(self, request: Request) -> Any:
        form: Any = request  # LitServe hands over the parsed form
        return self._work.decode(form["image"].file.read())

    def batch(self, inputs: list[Any]) -> list[Any]:
        return list(inputs)

    def unbatch(self, output: list[Any]) -> list[Any]:
        return output

    def predict(self, pictures: Any) -> Any:
        return self._work.answer(list(pictures) if isinstance(pictures, list) else [np.asarray(pictures)])

    def encode_response(self, output: Any) -> dict[str, Any]:
        return {"faces": output}


def main() -> None:
    port, task = int(sys.argv[1]), Task(sys.argv[2])
    server = litserve.LitServer(Api(task), accelerator="cpu", workers_per_device=1, timeout=120)
    server.run(host="127.0.0.1", port=port, generate_client_file=False, log_level="warning")


if __name__ == "__main__":
    main()
