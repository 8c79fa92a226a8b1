"""The keys that the gateway checks tokens with follow one another while it runs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from gateway_process import GatewayProcess
from jwt.algorithms import RSAAlgorithm
from recording_upstream import RecordingUpstream

from deploy.nginx.routes import SERVICE_PREFIXES

DETECT = "/api/v1/face-detection/detect"


class Provider:
    """Makes keys and the file that names them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._keys = {kid: rsa.generate_private_key(public_exponent=65537, key_size=2048) for kid in "AB"}

    def publish(self, *kids: str) -> None:
        keys = [
            json.loads(RSAAlgorithm.to_jwk(self._keys[kid].public_key())) | {"kid": kid, "alg": "RS256"}
            for kid in kids
        ]
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({"keys": keys}))
        fresh.replace(self.path)

    def header(self, kid: str, **claims: Any) -> dict[str, str]:
        body = {"sub": f"of-{kid}", "exp": time.time() + 600, **claims}
        token = jwt.encode(body, self._keys[kid], algorithm="RS256", headers={"kid": kid})
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def provider(tmp_path: Path) -> Provider:
    return Provider(tmp_path / "jwks.json")


def test_keys_are_changed_without_a_restart(
    recorder: RecordingUpstream, provider: Provider, tmp_path: Path
) -> None:
    provider.publish("A")
    auth = {"FACESOCIAL_JWT_ALGORITHM": "RS256", "FACESOCIAL_JWT_JWKS": str(provider.path)}
    upstreams = {prefix: [recorder.address] for prefix in SERVICE_PREFIXES}

    def statuses(client: httpx.Client) -> list[int]:
        return [client.post(DETECT, headers=provider.header(kid)).status_code for kid in "AB"]

    with GatewayProcess(tmp_path / "gateway", upstreams, auth=auth) as gateway, gateway.client() as client:
        before = gateway.processes()
        assert statuses(client) == [200, 401]
        provider.publish("A", "B")
        assert statuses(client) == [200, 200]
        provider.publish("B")
        assert statuses(client) == [401, 200]
        assert client.post(DETECT, headers=gateway.headers()).json()["error"]["code"] == "INVALID_TOKEN"
        provider.path.write_text("{")
        assert statuses(client) == [401, 200]
        assert gateway.processes() == before
