"""The NGINX of this machine reads what is rendered for every place."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from gateway_process import NGINX, missing

from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from deploy.nginx import program
from deploy.nginx.certificate import ensure_certificate
from deploy.nginx.gateway import DEBIAN_12, Gateway
from deploy.nginx.profiles import Profile, gateway_for
from deploy.nginx.program import find_nginx, version_of
from deploy.nginx.render import render
from deploy.nginx.settings import GatewaySettings
from deploy.nginx.trial import copy_of


@pytest.fixture(scope="module")
def nginx() -> Path:
    """The NGINX of this machine."""
    if reason := missing():
        pytest.skip(reason)
    assert NGINX is not None
    return NGINX


def written(gateway: Gateway, folder: Path, more: str = "") -> Path:
    ensure_certificate(folder / "tls.crt", folder / "tls.key", gateway.server_names)
    config = folder / "nginx.conf"
    config.write_text(render(gateway) + more)
    return config


def readable(profile: Profile, folder: Path, nginx: Path, **own: object) -> Gateway:
    """What is rendered for a place, with names and files of this machine."""
    version = version_of(nginx)
    gateway = gateway_for(profile, Settings(state_dir=folder), GatewaySettings(**own), version)
    return copy_of(gateway, profile, folder, version, certificate=False)


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize(
    "own",
    [
        {},
        {
            "server_names": ("faces.example.test", "other.example.test"),
            "allowed_origins": ("https://console.example.test", "http://localhost:8501"),
            "trusted_proxies": ("10.0.0.0/8", "2001:db8::/32"),
            "private_networks": ("192.168.0.0/16",),
        },
    ],
    ids=["defaults", "everything"],
)
def test_every_place_is_read_without_a_warning(
    nginx: Path, tmp_path: Path, profile: Profile, own: dict[str, object]
) -> None:
    config = written(readable(profile, tmp_path, nginx, **own), tmp_path)
    program.test(nginx, config)
    said = subprocess.run([nginx, "-t", "-c", config], capture_output=True, text=True, timeout=30).stderr
    assert "[warn]" not in said
    assert "test is successful" in said


def test_a_folder_may_have_a_name_that_people_give(nginx: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Zoë & Co. # 1 (new), 50 %"
    folder.mkdir()
    program.test(nginx, written(readable(Profile.LOCAL, folder, nginx), folder))


def test_a_fault_is_told_in_the_words_of_nginx(nginx: Path, tmp_path: Path) -> None:
    config = written(readable(Profile.LOCAL, tmp_path, nginx), tmp_path, "nonsense on;\n")
    with pytest.raises(ConfigurationError, match='unknown directive "nonsense"'):
        program.test(nginx, config)


def test_a_name_that_nobody_knows_is_told(nginx: Path, tmp_path: Path) -> None:
    """Where NGINX asks for a name once, at its start, a service that is not there yet keeps it from starting."""
    gateway = readable(Profile.LOCAL, tmp_path, nginx)
    upstreams = {**gateway.upstreams, "demographics": ("nobody.invalid:8000",)}
    config = written(gateway.model_copy(update={"upstreams": upstreams}), tmp_path)
    with pytest.raises(ConfigurationError, match=r"nobody\.invalid"):
        program.test(nginx, config)


def test_it_is_found_where_debian_puts_it(
    nginx: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_nginx(GatewaySettings(nginx=str(nginx))) == nginx
    if nginx.parent in (Path("/usr/sbin"), Path("/usr/local/sbin")):
        assert find_nginx(GatewaySettings(nginx="nginx")) == nginx
    assert version_of(nginx) >= DEBIAN_12


def test_it_can_be_switched_off_and_must_exist_where_it_is_named() -> None:
    assert find_nginx(GatewaySettings(nginx="off")) is None
    with pytest.raises(ConfigurationError, match="FACESOCIAL_GATEWAY_NGINX"):
        find_nginx(GatewaySettings(nginx="/nowhere/nginx"))


def test_another_program_is_none(tmp_path: Path) -> None:
    other = tmp_path / "nginx"
    other.write_text("#!/bin/sh\necho something else\n")
    other.chmod(0o755)
    with pytest.raises(ConfigurationError, match="does not say that it is NGINX"):
        version_of(other)
    other.chmod(0o644)
    with pytest.raises(ConfigurationError, match="cannot be run"):
        version_of(other)
