"""Where webhooks may lead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from bentos.common.errors import InvalidRequest
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.webhook_address import (
    Refused,
    is_public,
    safe_address,
    system_addresses,
)
from bentos.deepfake_detection.video.webhooks import require_allowed

HOST = "hooks.example.test"


def settings(*hosts: str, **changes: Any) -> VideoSettings:
    return VideoSettings(webhook_hosts=tuple(hosts or (HOST,)), webhook_secret=SecretStr("s" * 32), **changes)


@pytest.mark.parametrize(
    "url",
    [
        f"https://{HOST}",
        f"https://{HOST}/jobs?tenant=a",
        f"https://{HOST}:443/",
        f"https://{HOST}:8443/",
        "https://HOOKS.example.TEST/",
    ],
)
def test_an_allowed_host_may_be_called(url: str) -> None:
    require_allowed(url, settings())


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"http://{HOST}/", "https://"),
        (f"ftp://{HOST}/", "https://"),
        ("file:///etc/passwd", "https://"),
        ("javascript:alert(1)", "https://"),
        ("", "https://"),
        (f"//{HOST}/", "https://"),
        (f"https:/{HOST}/", "https://"),
        (f"https://user@{HOST}/", "user or a password"),
        (f"https://user:word@{HOST}/", "user or a password"),
        (f"https://@{HOST}/", "user or a password"),
        (f"https://evil.test@{HOST}/", "user or a password"),
        (f"https://{HOST}@evil.test/", "user or a password"),
        (f"https://{HOST}/#part", "fragment"),
        (f"https://{HOST}/#", "fragment"),
        ("https://evil.test/", "not among"),
        (f"https://{HOST}.evil.test/", "not among"),
        (f"https://evil{HOST}/", "not among"),
        (f"https://sub.{HOST}/", "not among"),
        (f"https://{HOST}./", "not among"),
        ("https://127.0.0.1/", "not among"),
        ("https://[::1]/", "not among"),
        ("https://169.254.169.254/latest/meta-data/", "not among"),
        ("https://0x7f000001/", "not among"),
        ("https://2130706433/", "not among"),
        ("https://localhost/", "not among"),
        (f"https://evil.test\\@{HOST}/", ""),
        (f"https://{HOST}\\.evil.test/", ""),
        (f"https://{HOST}%00.evil.test/", ""),
        (f"https://{HOST}\r\nHost: evil.test/", "no address"),
        (f"https://{HOST} /", ""),
        (f"https://{HOST}:22/", "port"),
        (f"https://{HOST}:80/", "port"),
        (f"https://{HOST}:0/", "port"),
        (f"https://{HOST}:65536/", ""),
        (f"https://{HOST}:-1/", ""),
        (f"https://{HOST}:x/", ""),
        ("https://[::1/", ""),
        ("https://" + "a" * 100_000, ""),
        ("https://\ud800/", ""),
    ],
)
def test_everything_else_is_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^webhook_url ") as refused:
        require_allowed(url, settings())
    assert why in refused.value.message


def test_without_hosts_there_are_no_webhooks() -> None:
    with pytest.raises(InvalidRequest, match="not among"):
        require_allowed(f"https://{HOST}/", VideoSettings())


def test_plain_http_only_where_private_hosts_are_allowed() -> None:
    require_allowed(f"http://{HOST}:8080/", settings(webhook_private=True))
    require_allowed(f"http://{HOST}/", settings(webhook_private=True))
    with pytest.raises(InvalidRequest, match="port"):
        require_allowed(f"http://{HOST}:443/", settings(webhook_private=True))


PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001::7f00:1",
    "fe80::1",
    "fe80::1%lo",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(Refused, match="private"):
        safe_address(HOST, 443, False, lambda *_: [address])
    assert safe_address(HOST, 443, True, lambda *_: [address]) == address


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)
    assert safe_address(HOST, 443, False, lambda *_: [address]) == address


def test_one_private_address_among_several_refuses_them_all() -> None:
    with pytest.raises(Refused, match="private"):
        safe_address(HOST, 443, False, lambda *_: ["8.8.8.8", "10.0.0.1"])


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.1"]
)
def test_however_loopback_is_written_it_is_private(host: str) -> None:
    with pytest.raises(Refused, match="private"):
        safe_address(host, 443, False, system_addresses)


def test_a_host_without_an_address_is_refused() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    with pytest.raises(Refused, match="no address"):
        safe_address(HOST, 443, True, unknown)
    with pytest.raises(Refused, match="no address"):
        safe_address("a" * 300, 443, True, system_addresses)
