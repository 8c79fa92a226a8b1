"""A certificate for this machine alone, where nobody named another one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bentos.common.errors import ConfigurationError
from deploy.nginx.files import write_whole

LIFE = timedelta(days=365)
RENEW = timedelta(days=30)
OWNER_ONLY = 0o600


def ensure_certificate(certificate: Path, key: Path, names: Sequence[str]) -> None:
    """Make a self-signed one for these names unless there is one that holds for at least 30 days more.

    Raises:
        ConfigurationError: A file cannot be written.
    """
    if certificate.exists() and key.exists() and _still_fits(certificate, key, names):
        return
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_whole(key, pem, OWNER_ONLY)
    write_whole(certificate, _signed(private, names).public_bytes(serialization.Encoding.PEM), 0o644)


def expiry_of(certificate: Path) -> datetime:
    """When it ends.

    Raises:
        ConfigurationError: It cannot be read.
    """
    return _load(certificate).not_valid_after_utc


def require_pair(certificate: Path, key: Path) -> None:
    """Raise unless the key is the certificate's.

    Raises:
        ConfigurationError: One of them cannot be read, or they belong to different pairs.
    """
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(f"The certificate's key {key} cannot be used: {error}.") from error
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    if private.public_key().public_bytes(*form) != _load(certificate).public_key().public_bytes(*form):
        raise ConfigurationError(f"{key} is not the key of the certificate {certificate}.")


def _signed(key: ec.EllipticCurvePrivateKey, names: Sequence[str]) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _still_fits(certificate: Path, key: Path, names: Sequence[str]) -> bool:
    try:
        require_pair(certificate, key)
        found = _load(certificate)
        held = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ConfigurationError, x509.ExtensionNotFound):
        return False
    lasts = found.not_valid_after_utc - datetime.now(UTC) > RENEW
    return lasts and all(_general(name) in held for name in names)


def _load(certificate: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The certificate {certificate} cannot be used: {error}.") from error
