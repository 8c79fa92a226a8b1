"""Certificates as somebody else would have made them."""

from __future__ import annotations

import subprocess
from pathlib import Path


def write_pair(folder: Path, name: str, days: int = 200) -> tuple[Path, Path]:
    """A self-signed certificate by ``openssl`` and its key; with negative days it has expired."""
    folder.mkdir(exist_ok=True)
    certificate, key = folder / f"{name}.pem", folder / f"{name}-key.pem"
    made = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    options = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", str(days))
    command = [*made, *options, "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return certificate, key
