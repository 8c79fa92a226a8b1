"""Keys from an address: how often it is asked, and what comes when it does not answer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from service_process import free_port
from signing import ONE, TWO, A, Entry, public, token, with_header

from bentos.common.auth import TokenVerifier
from bentos.common.errors import DependencyUnavailable, InvalidToken
from bentos.common.keys import FETCH_EVERY_S, GRACE_S, LIFESPAN_S, PATIENCE_S, WARN_EVERY_S, JwksAddress
from bentos.common.settings import Settings

LIMIT_S = 20


class Clock:
    """Time that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Provider:
    """Somebody else's keys, at an address."""

    def __init__(self) -> None:
        self.keys: list[Entry] = [public("one", ONE)]
        self.status, self.body = 200, b""
        self.fetches = 0
        self.asked, self.go_on = threading.Semaphore(0), threading.Event()
        self.go_on.set()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.fetches += 1
                provider.asked.release()
                provider.go_on.wait(LIMIT_S)
                self.send_response(provider.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(provider.body or json.dumps({"keys": provider.keys}).encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/jwks.json"


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.go_on.set()
    made.server.shutdown()
    thread.join(LIMIT_S)
    made.server.server_close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(provider: Provider, clock: Clock) -> JwksAddress:
    return JwksAddress(provider.address, "RS256", clock)


FIRST, SECOND = token("one", ONE, "RS256"), token("two", TWO, "RS256")


def test_keys_are_fetched_once_and_withdrawn_ones_go_after_their_lifespan(
    provider: Provider, clock: Clock, keys: JwksAddress
) -> None:
    provider.keys.append(public("two", TWO))
    for _ in range(5):
        assert keys.key_for(FIRST) == ONE.public_key()
        assert keys.key_for(SECOND) == TWO.public_key()
    assert provider.fetches == 1
    del provider.keys[0]
    clock.now += LIFESPAN_S - 1
    assert keys.key_for(FIRST) == ONE.public_key()
    clock.now += 1
    with pytest.raises(jwt.InvalidTokenError, match="unknown"):
        keys.key_for(FIRST)
    assert keys.key_for(SECOND) == TWO.public_key()
    assert provider.fetches == 2


def test_a_new_key_is_looked_for_before_the_lifespan_is_over(
    provider: Provider, clock: Clock, keys: JwksAddress
) -> None:
    keys.key_for(FIRST)
    provider.keys.append(public("two", TWO))
    with pytest.raises(jwt.InvalidTokenError):
        keys.key_for(SECOND)
    clock.now += FETCH_EVERY_S
    assert keys.key_for(SECOND) == TWO.public_key()
    assert provider.fetches == 2


@pytest.mark.parametrize("status", [200, 500])
def test_unknown_keys_do_not_become_fetches(
    provider: Provider, clock: Clock, keys: JwksAddress, status: int
) -> None:
    keys.key_for(FIRST)
    provider.status = status
    for number in range(300):
        clock.now += FETCH_EVERY_S / 100
        with pytest.raises(jwt.InvalidTokenError):
            keys.key_for(token(f"made-up-{number}", A))
    assert provider.fetches in (3, 4)
    assert keys.key_for(FIRST) == ONE.public_key()


def test_while_the_address_is_down_the_last_keys_are_used_for_an_hour(
    provider: Provider, clock: Clock, keys: JwksAddress, caplog: pytest.LogCaptureFixture
) -> None:
    keys.key_for(FIRST)
    provider.status, start = 503, clock.now
    clock.now += LIFESPAN_S
    while clock.now < start + GRACE_S:
        assert keys.key_for(FIRST) == ONE.public_key()
        clock.now += 4
    with pytest.raises(DependencyUnavailable, match="gives no keys"):
        keys.key_for(FIRST)
    down = GRACE_S - LIFESPAN_S
    assert 1 < provider.fetches <= 2 + down / FETCH_EVERY_S
    assert 1 < len(caplog.records) <= 1 + down / WARN_EVERY_S
    provider.status = 200
    clock.now += FETCH_EVERY_S
    assert keys.key_for(FIRST) == ONE.public_key()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b""),
        (302, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"keys": []}'),
        (200, b"\xff"),
        (200, b"[" * 99_999),
    ],
)
def test_without_any_keys_nobody_is_let_in_and_nobody_waits(
    provider: Provider, clock: Clock, keys: JwksAddress, status: int, body: bytes
) -> None:
    provider.status, provider.body = status, body
    for _ in range(5):
        with pytest.raises(DependencyUnavailable):
            keys.key_for(FIRST)
    assert provider.fetches == 1
    provider.status, provider.body = 200, b""
    clock.now += FETCH_EVERY_S
    assert keys.key_for(FIRST) == ONE.public_key()


@pytest.mark.parametrize("body", [b"<html>", b'{"keys": []}', b'{"keys": [{"kty": "oct", "k": "AAAA"}]}'])
def test_an_answer_without_keys_takes_none_away(
    provider: Provider, clock: Clock, keys: JwksAddress, body: bytes
) -> None:
    keys.key_for(FIRST)
    provider.body = body
    clock.now += LIFESPAN_S
    assert keys.key_for(FIRST) == ONE.public_key()
    assert provider.fetches == 2


def test_a_broken_key_of_an_address_spoils_no_other(provider: Provider, keys: JwksAddress) -> None:
    private = {**jwt.algorithms.RSAAlgorithm.to_jwk(TWO, as_dict=True), "kid": "two"}
    provider.keys = [{"kty": "RSA", "kid": "none"}, private, {**public("x", TWO), "kid": 7}, *provider.keys]
    assert keys.key_for(FIRST) == ONE.public_key()
    with pytest.raises(jwt.InvalidTokenError):
        keys.key_for(SECOND)


def test_who_has_a_key_does_not_wait_for_an_address_that_hangs(
    provider: Provider, clock: Clock, keys: JwksAddress
) -> None:
    keys.key_for(FIRST)
    assert provider.asked.acquire(timeout=LIMIT_S)
    provider.go_on.clear()
    clock.now += LIFESPAN_S
    with ThreadPoolExecutor() as pool:
        fetching = pool.submit(keys.key_for, FIRST)
        assert provider.asked.acquire(timeout=LIMIT_S)
        for _ in range(20):  # were each to wait, the fetch would run out of its time
            assert keys.key_for(FIRST) == ONE.public_key()
        assert not fetching.done()
        clock.now += PATIENCE_S  # after which nobody waits who has no key either
        with pytest.raises(jwt.InvalidTokenError):
            keys.key_for(SECOND)
        assert not fetching.done()
        provider.go_on.set()
        assert fetching.result(LIMIT_S) == ONE.public_key()
    assert provider.fetches == 2


def test_at_the_start_all_wait_for_one_fetch(provider: Provider, keys: JwksAddress) -> None:
    provider.go_on.clear()
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(keys.key_for, FIRST)
        assert provider.asked.acquire(timeout=LIMIT_S)
        waiting = [pool.submit(keys.key_for, FIRST) for _ in range(7)]
        time.sleep(0.1)
        provider.go_on.set()
        assert all(one.result(LIMIT_S) == ONE.public_key() for one in [first, *waiting])
    assert provider.fetches == 1


def test_a_verifier_with_an_address_belongs_in_a_thread() -> None:
    address = f"http://127.0.0.1:{free_port()}/jwks.json"
    verifier = TokenVerifier(Settings(jwt_algorithm="RS256", jwt_jwks=address).auth)
    assert verifier.blocking
    with pytest.raises(DependencyUnavailable, match=address):
        verifier.verify(f"Bearer {FIRST}")
    with pytest.raises(InvalidToken):  # before anything is fetched
        verifier.verify(f"Bearer {with_header(kid=7)}")
