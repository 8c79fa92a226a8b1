"""``facesocial gateway``, as a person types it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from certificates import write_pair

from deploy.nginx.profiles import Profile
from deploy.nginx.program import find_nginx
from deploy.nginx.settings import GatewaySettings

ROOT = Path(__file__).parents[3]
Run = Callable[..., subprocess.CompletedProcess[str]]
needs_nginx = pytest.mark.skipif(find_nginx(GatewaySettings()) is None, reason="nginx is not installed")


@pytest.fixture
def gateway(tmp_path: Path) -> Run:
    """Runs the command; keywords are settings without their prefix."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FACESOCIAL_")}

    def run(*arguments: str, state: str = "state", **own: str) -> subprocess.CompletedProcess[str]:
        settings = {f"FACESOCIAL_GATEWAY_{name}": value for name, value in own.items()}
        return subprocess.run(
            [sys.executable, "-m", "deploy.local.cli", "gateway", *arguments],
            cwd=tmp_path,
            env={
                **clean,
                "FACESOCIAL_STATE_DIR": str(tmp_path / state),
                "PYTHONPATH": str(ROOT),
                "PYTHONUTF8": "1",
                **settings,
            },
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def refused(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    """It failed with sentences that hold these parts, and with nothing else."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("facesocial: ")
    for part in parts:
        assert part in done.stderr


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("nginx", ["nginx", "off"])
def test_a_configuration_is_printed_for_each_place_with_and_without_nginx(
    gateway: Run, profile: Profile, nginx: str
) -> None:
    done = gateway("render", "--for", profile.value, NGINX=nginx, SERVER_NAMES="faces.example")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("# Rendered by")
    assert 'server_name "faces.example";' in done.stdout
    assert ("resolver " in done.stdout) == (profile is not Profile.LOCAL)


def test_the_default_place_is_this_machine(gateway: Run) -> None:
    assert gateway("render").stdout == gateway("render", "--for", "local").stdout
    assert gateway("render", "--for", "moon").returncode == 2


def test_a_configuration_is_written_whole_or_not_at_all(gateway: Run, tmp_path: Path) -> None:
    out = tmp_path / "gateway.conf"
    out.write_text("the one before")
    done = gateway("render", "--for", "compose", "--out", str(out), ALLOWED_ORIGINS='https://a"b')
    refused(done, "FACESOCIAL_GATEWAY_ALLOWED_ORIGINS")
    assert out.read_text() == "the one before"
    assert gateway("render", "--for", "compose", "--out", str(out)).stdout == ""
    assert out.read_text() == gateway("render", "--for", "compose").stdout
    assert [path.name for path in tmp_path.iterdir()] == ["gateway.conf"]
    refused(gateway("render", "--out", str(tmp_path / "none" / "x")), "none/x cannot be written")
    (tmp_path / "folder").mkdir()
    refused(gateway("render", "--out", str(tmp_path / "folder")), "folder cannot be written")


@needs_nginx
@pytest.mark.parametrize("profile", Profile)
def test_a_check_says_what_it_checked_and_what_not(gateway: Run, profile: Profile) -> None:
    done = gateway("check", "--for", profile.value)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nchecked: the configuration: NGINX" in done.stdout
    assert ("not checked: names of services" in done.stdout) == (profile is not Profile.LOCAL)


@needs_nginx
def test_faults_are_said_and_warnings_are_none(gateway: Run, tmp_path: Path) -> None:
    certificate, key = write_pair(tmp_path, "faces.example")
    _, other = write_pair(tmp_path, "other.example")
    twice = "https://a.example,https://a.example"
    done = gateway("check", CERTIFICATE=str(certificate), CERTIFICATE_KEY=str(other), ALLOWED_ORIGINS=twice)
    refused(done, "is not the key of the certificate", "conflicting parameter")
    done = gateway("check", CERTIFICATE=certificate.name, CERTIFICATE_KEY=key.name, TRUSTED_PROXIES="::/0")
    assert done.returncode == 0, "relative paths begin where the command is called"
    assert done.stderr.startswith("warning: FACESOCIAL_GATEWAY_TRUSTED_PROXIES")


@pytest.mark.parametrize("command", ["render", "check"])
def test_a_wrong_setting_is_named_as_it_is_set(gateway: Run, command: str) -> None:
    refused(gateway(command, HTTPS_PORT="0"), "FACESOCIAL_GATEWAY_HTTPS_PORT", "(not '0')")
    done = gateway(command, TRUSTED_PROXIES="10.0.0.0/8,nobody")
    refused(done, "FACESOCIAL_GATEWAY_TRUSTED_PROXIES", "(not 'nobody')")
    assert len(done.stderr.splitlines()) == 1, "one sentence for one fault"
    refused(gateway(command, SERVER_NAMES="a b"), "FACESOCIAL_GATEWAY_SERVER_NAMES", "(not 'a b')")
    refused(gateway(command, CERTIFICATE="/a;b", CERTIFICATE_KEY="/c"), "FACESOCIAL_GATEWAY_CERTIFICATE")
    refused(gateway(command, state='a"b'), "FACESOCIAL_STATE_DIR", "FACESOCIAL_GATEWAY_NGINX=off")


@pytest.mark.parametrize("command", ["render", "check"])
def test_a_program_that_was_named_must_be_nginx(gateway: Run, tmp_path: Path, command: str) -> None:
    refused(gateway(command, NGINX="/opt/none/nginx"), "FACESOCIAL_GATEWAY_NGINX=/opt/none/nginx")
    refused(gateway(command, NGINX="true"), "does not say that it is NGINX")


@needs_nginx
def test_a_resolver_that_this_nginx_cannot_use_is_named(gateway: Run, tmp_path: Path) -> None:
    old = tmp_path / "nginx"
    old.write_text("#!/bin/sh\necho 'nginx version: nginx/1.22.1' >&2\n")
    old.chmod(0o755)
    done = gateway("check", RESOLVER="192.0.2.53", NGINX="./nginx")
    refused(done, "FACESOCIAL_GATEWAY_RESOLVER: a resolver needs NGINX 1.27.3")
