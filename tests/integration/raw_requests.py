"""Requests to the gateway line by line, with a token that holds, and what is expected of a refusal."""

from __future__ import annotations

import http.client
import json

from gateway_process import GatewayProcess
from raw_http import RawAnswer


def sent_raw(
    front: GatewayProcess, source: str, request: str, *headers: str, body: bytes = b""
) -> RawAnswer | None:
    """The answer; None where the connection was closed without one."""
    lines = [request, "Host: localhost", f"Authorization: Bearer {front.token()}", *headers, "", ""]
    with front.raw(source) as connection:
        connection.send("\r\n".join(lines).encode("latin-1") + body)
        try:
            return connection.answer()
        except (http.client.HTTPException, ConnectionError):
            return None


def assert_contract(answer: RawAnswer | None, *statuses: int) -> None:
    """An error as the contract has it, of the gateway's own."""
    assert answer is not None
    assert answer.status in statuses, answer.body
    body = json.loads(answer.body)
    assert not body["success"]
    assert answer.all("content-type") == ["application/json"]
    assert answer.all("x-request-id") == [body["meta"]["request_id"]]
