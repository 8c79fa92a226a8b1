"""Checks the tokens for the gateway: NGINX asks it with ``auth_request`` before it passes a request on.

It is the services' own `TokenVerifier`, so the gateway and a service refuse with the same codes and words.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from pydantic import ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from bentos.common.auth import TokenVerifier
from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from deploy.nginx.certificate_watch import CertificateExpiry
from deploy.nginx.settings import PREFIX, GatewaySettings
from deploy.nginx.token_checks import Answer, Checks

KEEP_ALIVE_S = 75
"""Longer than NGINX keeps a connection (60 s), so that none is closed under a request."""
SHUTDOWN_S = 10


def create_app(verifier: TokenVerifier, certificate: Path | None = None) -> ASGIApp:
    """The application: ``/verify`` for NGINX, ``/health`` and ``/metrics`` for those who watch.

    Args:
        verifier: Checks tokens.
        certificate: The gateway's; ``/metrics`` tells when it ends.
    """
    checks = Checks(verifier, [CertificateExpiry(certificate)] if certificate else [])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await _send(send, await _answer(checks, scope))

    return app


async def _answer(checks: Checks, scope: Scope) -> Answer:
    if scope["path"] == "/verify":
        return await checks.answer(scope["headers"])
    if (scope["method"], scope["path"]) == ("GET", "/health"):
        return 200, {"content-type": "application/json"}, b'{"status":"ok"}'
    if (scope["method"], scope["path"]) == ("GET", "/metrics"):
        return checks.metrics()
    return 404, {}, b""


async def _send(send: Send, answer: Answer) -> None:
    status, headers, body = answer
    if status != 204:
        headers = {**headers, "content-length": str(len(body))}
    raw = [(name.encode(), value.encode("ascii")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    while (kind := (await receive())["type"]) != "lifespan.shutdown":
        await send({"type": f"{kind}.complete"})
    await send({"type": "lifespan.shutdown.complete"})


def run(settings: Settings, host: str, port: int, certificate: Path | None = None) -> None:
    """Serve until a signal ends it; requests in work are finished.

    Raises:
        ConfigurationError: No key that a token could be checked with.
    """
    config = uvicorn.Config(
        create_app(TokenVerifier(settings.auth), certificate),
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    # uvicorn sends the signal once more when it is done; it is no failure then, and none before it began.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.Server(config).run()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the verifier; a wrong setting is one sentence and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m deploy.nginx.verifier", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument(
        "--certificate",
        type=Path,
        help=f"the gateway's, of which /metrics tells when it ends (default: {PREFIX}CERTIFICATE)",
    )
    chosen = parser.parse_args(arguments)
    try:
        settings = Settings()
        logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
        run(settings, chosen.host, chosen.port, chosen.certificate or GatewaySettings().certificate)
    except ConfigurationError as error:
        sys.exit(f"verifier: {error.message}")
    except ValidationError as error:
        # The values are left out: one of them may be a secret.
        faults = (f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors())
        sys.exit(f"verifier: a setting is wrong: {'; '.join(faults)}.")


if __name__ == "__main__":
    main()
