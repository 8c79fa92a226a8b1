"""A spec as a BentoML service, with an inner one that holds the models where the settings say so.

BentoML's supervisor imports a service's module only to learn its name and options, and stays in memory as long
as the service runs. What it never runs is imported where a worker begins: that halves the supervisor's memory.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import bentoml
from starlette.types import ASGIApp, Receive, Scope, Send

from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from bentos.common.spec import ServiceSpec

if TYPE_CHECKING:
    from bentos.common.composition import RunningService

QUIET: dict[str, Any] = {
    # The contract's metrics, access log and request ids replace BentoML's, which cost milliseconds a request.
    "metrics": {"enabled": False},
    "logging": {"access": {"enabled": False}},
    "tracing": {"excluded_urls": ".*"},
}
# BentoML's client closes its connections after 100 requests or 300 seconds, the ones that carry other
# requests at that moment too: those fail with ServerDisconnectedError. There is no "never".
NEVER_REPLACED = {"max_requests": 2**31 - 1, "max_age": 1e9}


def bento_service(spec: ServiceSpec, settings: Settings) -> Any:
    """The BentoML service of a spec; with ``batch_mode=service`` an inner one holds the models."""

    class Service:
        """Hands every request to the contract's application."""

        if settings.batch.mode == "service":
            model_process = bentoml.depends(_model_service(spec, settings))

        @bentoml.on_deployment  # type: ignore[untyped-decorator]
        @staticmethod
        def check() -> None:
            """Before anything starts: a service without a secret does not."""
            try:
                _ = settings.auth
            except ConfigurationError as error:
                sys.exit(f"{spec.name} does not start: {error.message}")

        def __init__(self) -> None:
            from bentos.common.composition import RunningService

            self.running: RunningService = RunningService(
                spec, settings, getattr(self, "model_process", None)
            )

        @bentoml.on_startup  # type: ignore[untyped-decorator]
        async def begin(self) -> None:
            self.running.begin()

        @bentoml.on_shutdown  # type: ignore[untyped-decorator]
        async def end(self) -> None:
            await self.running.end()

    return bentoml.service(Service, name=spec.name, service_class=_ContractService, **QUIET)


class _ContractService(bentoml.Service):  # type: ignore[misc]
    """A BentoML service whose HTTP requests the contract's application takes."""

    def to_asgi(self, is_main: bool = True) -> ASGIApp:
        return _Front(super().to_asgi(is_main=is_main))


class _Front:
    """Takes every HTTP request before BentoML does; its lifespan stays BentoML's.

    ``add_asgi_middleware`` would put this behind BentoML's own middlewares. One of them starts a timer for each
    request and keeps it, and what hangs on it, until the time is over, however soon the request is answered.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._bento = app
        self._application: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._bento(scope, receive, send)
            return
        if self._application is None:
            self._application = bentoml.get_current_service().running.application
        await self._application(scope, receive, send)


def _model_service(spec: ServiceSpec, settings: Settings) -> Any:
    """The inner service: one batched method for each model, named like it, and one that loads models."""

    def __init__(self: Any) -> None:  # noqa: N807
        from bentos.common.loaded_models import LoadedModels

        self.models = LoadedModels(spec, settings)

    def load(self: Any, name: str, cards: list[Any], paths: dict[str, str]) -> list[Any]:
        return list(self.models.load(name, cards, paths))

    namespace: dict[str, Any] = {"__init__": __init__, "load": bentoml.api(load)}
    namespace.update({name: _batched(name, settings) for name in spec.tasks})
    return bentoml.service(
        type("ModelService", (), namespace),
        name=f"{spec.name}-models",
        workers=1,
        runner_connection=NEVER_REPLACED,
        **QUIET,
    )


def _batched(name: str, settings: Settings) -> Any:
    def predict(self: Any, items: list[Any]) -> list[Any]:
        answers: list[Any] = self.models.predict(name, items)
        return answers

    predict.__name__ = name
    return bentoml.api(
        predict,
        batchable=True,
        max_batch_size=settings.batch.max_size,
        # BentoML drops a request that waited longer than this: a bound on the queue, not a target.
        max_latency_ms=int(settings.batch.max_age_ms),
    )
