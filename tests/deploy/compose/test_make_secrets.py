"""The secrets that a deployment begins with."""

from __future__ import annotations

import os
import ssl
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from pydantic import SecretStr
from sqlalchemy import make_url

from bentos.common.settings import Settings
from deploy.checks.composing.reading import Composition


def make(script: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [script / "make-secrets", folder]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**os.environ, **environment}, umask=0
    )


@pytest.fixture
def made(folder: Path, tmp_path: Path) -> Path:
    done = make(folder, tmp_path / "secrets")
    assert done.returncode == 0, done.stderr
    return tmp_path / "secrets"


def text(folder: Path, name: str) -> str:
    return (folder / name).read_text().strip()


def test_it_makes_exactly_what_is_mounted(made: Path, composition: Composition) -> None:
    assert {path.name for path in made.iterdir()} == composition.part("secrets").keys()


def test_the_folder_keeps_others_out_and_the_files_let_containers_in(made: Path) -> None:
    assert made.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in made.iterdir()} == {0o444}


def test_nothing_is_made_twice_or_alike(folder: Path, made: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    again = make(folder, made)
    assert (again.returncode, again.stdout) == (0, "")
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before
    assert make(folder, tmp_path / "other").returncode == 0
    assert not [
        name for name, content in before.items() if (tmp_path / "other" / name).read_bytes() == content
    ]


def test_no_value_is_printed(folder: Path, tmp_path: Path) -> None:
    done = make(folder, tmp_path / "secrets")
    for path in (tmp_path / "secrets").iterdir():
        assert path.read_text().strip() not in done.stdout + done.stderr
    assert done.stdout.splitlines().count("made redis_password") == 1


def test_secrets_are_long_and_fit_together(made: Path) -> None:
    settings = Settings(_secrets_dir=made)
    assert settings.auth.secret is not None
    assert len(settings.auth.secret.get_secret_value()) == 64
    assert settings.redis_url == SecretStr(f"redis://:{text(made, 'redis_password')}@redis:6379/0")
    assert settings.milvus_token is not None
    user, _, password = settings.milvus_token.get_secret_value().partition(":")
    milvus = yaml.safe_load(text(made, "milvus_user.yaml"))
    assert (user, milvus["common"]["security"]) == (
        "root",
        {"authorizationEnabled": True, "defaultRootPassword": password},
    )
    assert milvus["minio"] == {
        "accessKeyID": text(made, "minio_root_user"),
        "secretAccessKey": text(made, "minio_root_password"),
    }
    objects = ConfigParser()
    objects.read(made / "minio_credentials")
    assert dict(objects["default"]) == {
        "aws_access_key_id": milvus["minio"]["accessKeyID"],
        "aws_secret_access_key": milvus["minio"]["secretAccessKey"],
    }
    assert len(text(made, "minio_root_user")) <= 20
    assert len(text(made, "minio_root_password")) == 40


def test_each_program_has_a_role_of_its_own(made: Path) -> None:
    addresses = [make_url(text(made, name)) for name in ("FACESOCIAL_DATABASE_URL", "mlflow_database_url")]
    assert [(url.username, url.database, url.host) for url in addresses] == [
        ("facesocial", "facesocial", "postgres"),
        ("mlflow", "mlflow", "postgres"),
    ]
    assert len({url.password for url in addresses} | {text(made, "postgres_password")}) == 3
    assert addresses[1].get_driver_name() == "psycopg2"


def test_the_certificate_is_for_the_named_hosts(folder: Path, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    assert make(folder, secrets, CERTIFICATE_NAMES="faces.example,localhost").returncode == 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secrets / "certificate.pem", secrets / "certificate-key.pem")
    certificate = x509.load_pem_x509_certificate((secrets / "certificate.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["faces.example", "localhost"]


def test_what_is_there_stays(folder: Path, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "certificate.pem").write_text("mine")
    (secrets / "certificate-key.pem").write_text("mine too")
    (secrets / "redis_password").write_text("chosen-before")
    assert make(folder, secrets).returncode == 0
    assert text(secrets, "certificate.pem") == "mine"
    assert text(secrets, "FACESOCIAL_REDIS_URL") == "redis://:chosen-before@redis:6379/0"


def test_half_a_certificate_is_said(folder: Path, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "certificate.pem").write_text("mine")
    done = make(folder, secrets)
    assert done.returncode == 1
    assert "one of certificate.pem and certificate-key.pem" in done.stderr
    assert not [path.name for path in secrets.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(("option", "code"), [("--help", 0), ("--force", 2)])
def test_an_option_makes_nothing(folder: Path, tmp_path: Path, option: str, code: int) -> None:
    done = subprocess.run(
        [folder / "make-secrets", option], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == code
    assert "Usage: make-secrets [FOLDER]" in done.stdout + done.stderr
    assert not list(tmp_path.iterdir())
