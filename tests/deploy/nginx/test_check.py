"""What is said of a gateway before it starts, fault by fault."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from certificates import write_pair
from pydantic import SecretStr

from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from deploy.nginx.certificate import ensure_certificate, expiry_of
from deploy.nginx.check import OLDEST, check, require_recent
from deploy.nginx.gateway import RESOLVE_IN_UPSTREAM
from deploy.nginx.profiles import Profile, gateway_for
from deploy.nginx.program import find_nginx, version_of
from deploy.nginx.settings import GatewaySettings
from deploy.nginx.trial import copy_of


@pytest.fixture(scope="module")
def nginx() -> Path:
    """The NGINX of this machine."""
    found = find_nginx(GatewaySettings())
    if found is None:
        pytest.skip("nginx is not installed")
    return found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path / "state")


def named(certificate: Path, key: Path, **more: object) -> GatewaySettings:
    return GatewaySettings(certificate=certificate, certificate_key=key, **more)


def said(parts: list[str], text: str) -> bool:
    return any(text in part for part in parts)


@pytest.mark.parametrize("profile", Profile)
def test_nothing_is_wrong_with_the_defaults_and_nothing_is_left_behind(
    nginx: Path, settings: Settings, profile: Profile
) -> None:
    report = check(profile, settings, GatewaySettings(), nginx)
    assert (report.faults, report.warnings) == ([], [])
    assert said(report.checked, "NGINX")
    assert said(report.unchecked, "the certificate")
    assert said(report.unchecked, "throw-away") == (profile is not Profile.LOCAL)
    assert not settings.state_dir.exists()


def test_without_nginx_it_says_that_nobody_read_the_configuration(settings: Settings) -> None:
    report = check(Profile.LOCAL, settings, GatewaySettings(), None)
    assert report.faults == []
    assert said(report.unchecked, "nginx is not installed")


def test_a_good_certificate_is_checked_and_given_to_nginx(
    nginx: Path, settings: Settings, tmp_path: Path
) -> None:
    own = named(*write_pair(tmp_path, "faces.example"))
    for profile in Profile:
        report = check(profile, settings, own, nginx)
        assert (report.faults, report.warnings) == ([], [])
        assert said(report.checked, "199 more days")
        assert not said(report.unchecked, "throw-away")


def test_the_key_of_another_certificate(nginx: Path, settings: Settings, tmp_path: Path) -> None:
    certificate, _ = write_pair(tmp_path, "faces.example")
    _, key = write_pair(tmp_path, "other.example")
    for profile in Profile:
        (fault,) = check(profile, settings, named(certificate, key), nginx).faults
        assert f"{key} is not the key of the certificate {certificate}" in fault
        assert "FACESOCIAL_GATEWAY_CERTIFICATE_KEY" in fault


def test_an_expired_certificate(nginx: Path, settings: Settings, tmp_path: Path) -> None:
    pair = tmp_path / "tls.crt", tmp_path / "tls.key"
    ensure_certificate(*pair, ["faces.example"])
    end = expiry_of(pair[0])
    judged = {
        days: check(Profile.LOCAL, settings, named(*pair), nginx, now=end - timedelta(days=days, hours=1))
        for days in (30, 29, 0, -1)
    }
    assert (judged[30].faults, judged[30].warnings) == ([], [])
    assert (judged[29].faults, said(judged[29].warnings, "29 more days: renew it")) == ([], True)
    assert (judged[0].faults, said(judged[0].warnings, "0 more days: renew it")) == ([], True)
    (fault,) = judged[-1].faults
    assert f"expired on {end:%Y-%m-%d}: renew it" in fault


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("content", [None, b"", b"\xff not PEM", "folder"])
def test_a_file_that_cannot_be_used_is_one_sentence(
    nginx: Path, settings: Settings, tmp_path: Path, which: int, content: bytes | str | None
) -> None:
    pair = write_pair(tmp_path, "faces.example")
    pair[which].unlink()
    if content == "folder":
        pair[which].mkdir()
    elif isinstance(content, bytes):
        pair[which].write_bytes(content)
    (fault,) = check(Profile.LOCAL, settings, named(*pair), nginx).faults
    assert str(pair[which]) in fault
    assert "cannot be used" in fault


def test_a_certificate_of_a_container_need_not_be_here(nginx: Path, settings: Settings) -> None:
    own = named(Path("/run/elsewhere.pem"), Path("/run/elsewhere-key.pem"))
    report = check(Profile.COMPOSE, settings, own, nginx)
    assert report.faults == []
    assert said(report.unchecked, "/run/elsewhere.pem and its key: not on this machine")


@pytest.mark.parametrize("name", ["certificate", "certificate_key"])
def test_one_of_a_pair_is_not_enough(settings: Settings, name: str) -> None:
    own = GatewaySettings(**{name: Path("/tmp/file.pem")})
    (fault,) = check(Profile.LOCAL, settings, own, None).faults
    assert f"FACESOCIAL_GATEWAY_{name.upper()} is set alone" in fault


def test_what_nginx_refuses_is_a_fault_in_its_words(nginx: Path, settings: Settings) -> None:
    own = GatewaySettings(allowed_origins=("https://a.example", "https://a.example"))
    for profile in Profile:
        (fault,) = check(profile, settings, own, nginx).faults
        assert 'conflicting parameter "https://a.example"' in fault
        assert f"facesocial gateway render --for {profile.value}" in fault
        assert "/tmp" not in fault


def test_an_old_nginx_is_said(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"1\.18\.0 and the gateway needs 1\.19\.5"):
        require_recent(Path("/usr/sbin/nginx"), (1, 18, 0))
    require_recent(Path("/usr/sbin/nginx"), OLDEST)
    old = tmp_path / "nginx"
    old.write_text("#!/bin/sh\necho 'nginx version: nginx/1.18.0' >&2\n")
    old.chmod(0o755)
    (fault,) = check(Profile.LOCAL, settings, GatewaySettings(), old).faults
    assert "FACESOCIAL_GATEWAY_NGINX" in fault


@pytest.mark.parametrize(
    ("networks", "warned"),
    [
        ("", False),
        ("10.0.0.0/8,192.0.2.7/32,fc00::/7", False),
        ("64.0.0.0/2", False),
        ("0.0.0.0/0", True),
        ("128.0.0.0/1", True),
        ("0.0.0.0/2,64.0.0.0/2", True),
        ("64.0.0.0/2,64.0.0.0/3,64.0.0.0/2", False),
        ("::/0", True),
        ("10.0.0.0/8,8000::/1", True),
    ],
)
def test_trusting_half_the_internet_is_unwise(settings: Settings, networks: str, warned: bool) -> None:
    own = GatewaySettings(trusted_proxies=networks)
    report = check(Profile.LOCAL, settings, own, None)
    assert report.faults == []
    assert said(report.warnings, "holds half of all") == warned


@pytest.mark.parametrize(
    ("origin", "warned"),
    [
        ("http://faces.example", True),
        ("http://faces.example:8080", True),
        ("http://10.0.0.7", True),
        ("http://localhost.example", True),
        ("https://faces.example", False),
        ("http://localhost:3000", False),
        ("http://app.localhost:3000", False),
        ("http://127.0.0.2:3000", False),
    ],
)
def test_a_plain_origin_of_another_machine_is_unwise(settings: Settings, origin: str, warned: bool) -> None:
    report = check(Profile.LOCAL, settings, GatewaySettings(allowed_origins=origin), None)
    assert said(report.warnings, origin) == warned


def test_how_tokens_are_checked_counts_where_the_verifier_runs_here(settings: Settings) -> None:
    short = settings.model_copy(update={"jwt_secret": SecretStr("short")})
    assert said(check(Profile.LOCAL, short, GatewaySettings(), None).faults, "shorter than 32 bytes")
    report = check(Profile.COMPOSE, short, GatewaySettings(), None)
    assert report.faults == []
    assert said(report.unchecked, "tokens")
    keyless = settings.model_copy(update={"jwt_algorithm": "RS256"})
    assert said(check(Profile.LOCAL, keyless, GatewaySettings(), None).faults, "JWT_JWKS")
    long = settings.model_copy(update={"jwt_secret": SecretStr("x" * 32)})
    assert said(check(Profile.LOCAL, long, GatewaySettings(), None).checked, "tokens")


def test_a_copy_differs_in_places_alone(nginx: Path, settings: Settings, tmp_path: Path) -> None:
    gateway = gateway_for(Profile.KUBERNETES, settings, GatewaySettings(), version_of(nginx))
    copies = {
        version: copy_of(gateway, Profile.KUBERNETES, tmp_path, version, certificate=False)
        for version in (RESOLVE_IN_UPSTREAM, (1, 22, 1))
    }
    assert copies[RESOLVE_IN_UPSTREAM].resolver == "127.0.0.1"
    assert copies[1, 22, 1].resolver is None
    same = gateway.model_fields_set - {"version", "resolver"}
    for copy in copies.values():
        assert copy.routes == gateway.routes
        assert {name for name in same if getattr(copy, name) == getattr(gateway, name)} >= {
            "server_names",
            "allowed_origins",
            "trusted_proxies",
            "private_networks",
            "public_https_port",
        }
