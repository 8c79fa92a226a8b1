"""Runs the load generator (autocannon, on Node.js) and reads what it measured."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.errors import FaceSocialError

HERE = Path(__file__).parent
BOUNDARY = "facesocial-bench"


class BenchFailed(FaceSocialError):
    """The bench cannot run here; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one load measured; times in milliseconds, of successful answers."""

    connections: int
    wanted_rate: float | None
    rate: float
    p50: float | None
    p95: float | None
    p99: float | None
    refused: int
    errors: int


class Generator:
    """Autocannon in a folder of its own.

    Raises:
        BenchFailed: There is no Node.js, or npm cannot install the generator.
    """

    def __init__(self, folder: Path) -> None:
        for program in ("node", "npm"):
            if shutil.which(program) is None:
                raise BenchFailed(f"The load generator needs {program}: install Node.js 18 or newer.")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        shutil.copyfile(HERE / "package.json", folder / "package.json")
        if not (folder / "node_modules" / "autocannon").is_dir():
            done = subprocess.run(["npm", "install", "--silent"], cwd=folder, capture_output=True, text=True)  # noqa: S607
            if done.returncode:
                raise BenchFailed(f"npm could not install the load generator: {done.stderr.strip()[-300:]}")

    def run(
        self,
        url: str,
        body: Path,
        headers: Mapping[str, str],
        connections: int,
        seconds: float,
        rate: float | None = None,
    ) -> Load:
        """Load ``url`` with ``connections`` at once, or with ``rate`` requests a second shared among them."""
        options = {
            "url": url,
            "body": str(body),
            "headers": dict(headers),
            "connections": connections,
            "seconds": seconds,
            "rate": rate,
            "modules": str(self._folder),
        }
        command = ["node", str(HERE / "load.mjs"), json.dumps(options)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120)
        if done.returncode:
            raise BenchFailed(f"The load generator failed: {done.stderr.strip()[-300:]}")
        found = json.loads(done.stdout)
        good = found["statuses"].get("200", 0)
        refused = sum(count for status, count in found["statuses"].items() if status in ("429", "503"))
        others = sum(found["statuses"].values()) - good - refused
        return Load(
            connections=connections,
            wanted_rate=rate,
            rate=good / found["seconds"],
            p50=found["p50"],
            p95=found["p95"],
            p99=found["p99"],
            refused=refused,
            errors=others + found["errors"] + found["timeouts"],
        )


def multipart(field: str, image: bytes, folder: Path) -> tuple[Path, dict[str, str]]:
    """A form with one image as a file on disk, and its headers."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="image.jpg"\r\n'
    kind = "Content-Type: image/jpeg\r\n\r\n"
    path = folder / "body.bin"
    path.write_bytes((head + kind).encode() + image + f"\r\n--{BOUNDARY}--\r\n".encode())
    return path, {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
