"""One call of a webhook: signed, to the very address that was checked, with a limit on everything."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import httpx

from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.jobs import JobRecord
from bentos.deepfake_detection.video.webhook_address import (
    Refused,
    Resolve,
    allowed_url,
    name_of,
    port_of,
    safe_address,
    system_addresses,
)

LIMIT_S = 10.0
MAX_ANSWER = 64_000
EVENT = "video.job.finished"
VERSION = "v1"
FIXED = MappingProxyType(
    {"Content-Type": "application/json", "User-Agent": "FaceSocial-Webhook/1", "X-FaceSocial-Event": EVENT}
)


def body_of(job: JobRecord) -> bytes:
    """What a webhook is told: which job, and how it ended. Nothing of any face."""
    told: dict[str, object] = {"job_id": job.job_id, "status": job.status.value}
    if job.error is not None:
        told["error"] = job.error.model_dump(mode="json")
    told["finished_at"] = job.finished_at.isoformat() if job.finished_at else None
    return json.dumps(told, separators=(",", ":")).encode()


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """``v1=`` and HMAC-SHA256 (RFC 2104) of ``timestamp.body`` in hexadecimal.

    Who is called checks it in constant time, and refuses a timestamp that is minutes old: else a call can be replayed.
    """
    return f"{VERSION}={hmac.new(secret, timestamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls webhooks.

    Attributes:
        resolve: Addresses of a host.
        certificates: What is trusted; None: what the system trusts.
        limit_s: For one call, from resolving to the end of the answer.
    """

    settings: VideoSettings
    resolve: Resolve = system_addresses
    certificates: ssl.SSLContext | None = field(default=None)
    limit_s: float = LIMIT_S

    async def call(self, url: str, body: bytes, timestamp: str) -> int:
        """Send ``body``.

        Returns:
            The status of the answer. Redirects are not followed.

        Raises:
            Refused: It may not be called, or no longer.
            httpx.HTTPError, TimeoutError: It cannot be called, or takes too long.
        """
        async with asyncio.timeout(self.limit_s):
            target = allowed_url(url, self.settings)
            name, private = name_of(target), self.settings.webhook_private
            address = await asyncio.to_thread(safe_address, name, port_of(target), private, self.resolve)
            return await self._send(target, name, address, body, timestamp)

    async def _send(self, target: httpx.URL, name: str, address: str, body: bytes, timestamp: str) -> int:
        """Connect to the address, in the name's name: resolving it again could lead elsewhere (DNS rebinding)."""
        trusted = self.certificates or ssl.create_default_context()
        headers = {"Host": target.netloc.decode("ascii"), **FIXED, **self._signed(timestamp, body)}
        there = target.copy_with(host=f"[{address}]" if ":" in address else address)
        async with httpx.AsyncClient(trust_env=False, verify=trusted, timeout=self.limit_s) as client:
            request = client.build_request(
                "POST", there, content=body, headers=headers, extensions=_in_name_of(name)
            )
            answer = await client.send(request, stream=True, follow_redirects=False)
            try:
                await _read_some(answer)
            finally:
                await answer.aclose()
            return answer.status_code

    def _signed(self, timestamp: str, body: bytes) -> Mapping[str, str]:
        secret = self.settings.webhook_secret
        if secret is None:
            raise Refused("cannot be signed: there is no secret any more")
        signed = signature(secret.get_secret_value().encode(), timestamp, body)
        return {"X-FaceSocial-Timestamp": timestamp, "X-FaceSocial-Signature": signed}


def call_all(caller: Caller, jobs: Sequence[JobRecord], timestamp: str) -> Sequence[str | None]:
    """Tell of these jobs, all at once; for each None where it was taken, else why not."""

    async def together() -> Sequence[str | None]:
        return await asyncio.gather(*(_fault(caller, job, timestamp) for job in jobs))

    return asyncio.run(together())


async def _fault(caller: Caller, job: JobRecord, timestamp: str) -> str | None:
    """Not with the address, which may hold a secret of its owner."""
    try:
        status = await caller.call(job.options.webhook_url or "", body_of(job), timestamp)
    except Refused as refused:
        return f"it {refused}"
    except (httpx.HTTPError, OSError, TimeoutError) as error:
        return f"no answer ({type(error).__name__})"
    return None if 200 <= status < 300 else f"the answer was {status}"


def _in_name_of(name: str) -> dict[str, str]:
    """For TLS: the name that the certificate has to be for; an address in place of one stays an address."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return {"sni_hostname": name}
    return {}


async def _read_some(answer: httpx.Response) -> None:
    """A polite server may finish; one that sends on and on is left."""
    received = 0
    async for part in answer.aiter_raw():
        received += len(part)
        if received > MAX_ANSWER:
            return
