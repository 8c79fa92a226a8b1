"""The gateway's configuration and the container that it is for fit together."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.checks.composing.reading import Composition, mounts, secrets


@pytest.fixture
def rendered(composition: Composition, tmp_path: Path) -> str:
    """What the container `gateway-configuration` writes."""
    service = composition.services["gateway-configuration"]
    program, *arguments = service["command"]
    assert program == "facesocial"
    assert arguments[-2] == "--out"
    out = tmp_path / "nginx.conf"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACESOCIAL_")}
    subprocess.run(
        [sys.executable, "-m", "deploy.local.cli", *arguments[:-1], out],
        env={**kept, **service["environment"]},
        check=True,
        timeout=60,
        cwd=Path(__file__).parents[3],
    )
    return out.read_text()


def test_it_is_where_nginx_looks_for_it(composition: Composition) -> None:
    made, read = composition.services["gateway-configuration"], composition.services["gateway"]
    (volume, folder, mode), *_ = mounts(read)
    assert (volume, folder, "rw") in list(mounts(made))
    assert mode == "ro"
    assert read["entrypoint"][-2:] == ["-c", made["command"][-1]]
    assert Path(made["command"][-1]).parent == Path(folder)
    assert made["user"] == read["user"], "NGINX can read the file whatever its mode"


def test_certificate_temporary_files_and_ports_are_there(composition: Composition, rendered: str) -> None:
    gateway = composition.services["gateway"]
    for name in re.findall(r'ssl_certificate(?:_key)? "/run/secrets/([^"]+)";', rendered):
        assert name in set(secrets(gateway))
    assert len(re.findall(r"/run/secrets/", rendered)) == 2
    folders = [text.partition(":")[0] for text in gateway["tmpfs"]]
    assert folders == ["/var/cache/nginx"]
    assert re.search(r"^pid \"?/var/cache/nginx/", rendered, re.MULTILINE)
    assert {port.partition(":")[2] for port in gateway["ports"]} == set(
        re.findall(r"listen \*:(\d+)", rendered)
    )


def test_whom_it_asks_is_in_its_networks(composition: Composition, rendered: str) -> None:
    asked = set(re.findall(r"^\s+server ([a-z-]+):(\d+)", rendered, re.MULTILINE))
    assert len(asked) == 6
    for name, port in asked:
        service = composition.services[name]
        assert "services" in service["networks"]
        assert port in str(service["command"])


def test_no_stranger_reads_its_metrics(rendered: str) -> None:
    networks = re.search(
        r"geo \$\w+ \$private_network \{(.*?)\}|geo \$private_network \{(.*?)\}", rendered, re.DOTALL
    )
    assert networks is not None
    assert re.findall(r"([0-9a-f.:]+/\d+)\"? 1;", networks[0]) == ["127.0.0.0/8"]
