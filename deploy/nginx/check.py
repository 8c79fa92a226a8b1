"""What can be known of the gateway before it starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address
from pathlib import Path
from urllib.parse import urlsplit

from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from deploy.nginx import program
from deploy.nginx.certificate import RENEW, expiry_of, require_pair
from deploy.nginx.gateway import DEBIAN_12, Gateway, Network, Version
from deploy.nginx.profiles import Profile, gateway_for
from deploy.nginx.settings import PREFIX, GatewaySettings
from deploy.nginx.trial import not_tried, try_out

OLDEST: Version = (1, 19, 5)
"""The first that is told where its messages go before it reads a configuration (``-e``)."""
NAMED = f"{PREFIX}CERTIFICATE and {PREFIX}CERTIFICATE_KEY"


@dataclass(slots=True)
class Report:
    """What was found, in sentences and parts of them; without faults the gateway can start."""

    checked: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def check(
    profile: Profile,
    settings: Settings,
    own: GatewaySettings,
    nginx: Path | None,
    now: datetime | None = None,
) -> Report:
    """Everything that can be checked on this machine; without ``nginx`` nobody reads the configuration.

    The certificate is judged as of ``now``, by default the present.

    Raises:
        pydantic.ValidationError: A setting that NGINX would misread.
        ConfigurationError: ``nginx`` is not NGINX.
    """
    version = program.version_of(nginx) if nginx else None
    gateway = gateway_for(profile, settings, own, version or DEBIAN_12)
    report = Report(checked=[f"the settings, for {profile.value}"])
    report.warnings += [*too_much_trust(own.trusted_proxies), *plain_origins(own.allowed_origins)]
    _check_tokens(report, profile, settings)
    usable = _check_certificate(report, profile, own, gateway, now or datetime.now(UTC))
    _check_configuration(report, profile, gateway, nginx, version, usable)
    return report


def names_certificate(own: GatewaySettings) -> bool:
    """Whether the settings name a certificate with its key.

    Raises:
        ConfigurationError: They name one of both.
    """
    named = [name for name in ("certificate", "certificate_key") if getattr(own, name) is not None]
    if len(named) == 1:
        raise ConfigurationError(f"{PREFIX}{named[0].upper()} is set alone: set {NAMED}, or neither.")
    return bool(named)


def require_recent(nginx: Path, version: Version) -> None:
    """Raise unless this NGINX is new enough.

    Raises:
        ConfigurationError: It is not.
    """
    if version < OLDEST:
        raise ConfigurationError(
            f"{nginx} is NGINX {_dotted(version)} and the gateway needs {_dotted(OLDEST)}: install a newer one "
            f"and name it with {PREFIX}NGINX."
        )


def too_much_trust(proxies: Sequence[Network]) -> Iterator[str]:
    """A warning where half of all addresses, or more, are believed."""
    four = collapse_addresses([network for network in proxies if isinstance(network, IPv4Network)])
    six = collapse_addresses([network for network in proxies if isinstance(network, IPv6Network)])
    shares = {
        4: sum(2.0**-network.prefixlen for network in four),
        6: sum(2.0**-network.prefixlen for network in six),
    }
    for version, share in shares.items():
        if share >= 0.5:
            yield (
                f"{PREFIX}TRUSTED_PROXIES holds half of all IPv{version} addresses or more: whoever is among them "
                "can write any client's address. Name the networks of your proxies alone."
            )


def plain_origins(origins: Sequence[str]) -> Iterator[str]:
    """A warning for each origin whose pages come over plain HTTP from another machine."""
    for origin in dict.fromkeys(origins):
        parts = urlsplit(origin)
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            yield (
                f"{PREFIX}ALLOWED_ORIGINS holds {origin}: whoever is on the way to it can change its pages and send "
                "requests for its users. Serve it over https."
            )


def lifetime(certificate: Path, now: datetime) -> tuple[int, list[str]]:
    """Days that it still holds, and a warning where they are few.

    Raises:
        ConfigurationError: It cannot be read, or it has expired.
    """
    end = expiry_of(certificate)
    days = (end - now).days
    if end <= now:
        raise ConfigurationError(f"The certificate {certificate} expired on {end:%Y-%m-%d}: renew it.")
    if end - now < RENEW:
        return days, [f"The certificate {certificate} holds for {days} more days: renew it."]
    return days, []


def _check_tokens(report: Report, profile: Profile, settings: Settings) -> None:
    own = settings.jwt_algorithm != "HS256" or settings.jwt_secret or settings.jwt_secret_file
    if profile is not Profile.LOCAL:
        report.unchecked.append("how tokens are checked: the settings of the token verifier")
    elif own or settings.jwt_jwks:
        try:
            _ = settings.auth
        except ConfigurationError as error:
            report.faults.append(error.message)
        else:
            report.checked.append("how tokens are checked")


def _check_certificate(
    report: Report, profile: Profile, own: GatewaySettings, gateway: Gateway, now: datetime
) -> bool:
    """Whether there is one on this machine that NGINX can read."""
    certificate, key = Path(gateway.certificate), Path(gateway.certificate_key)
    try:
        named = names_certificate(own)
        if not named and profile is Profile.LOCAL:
            report.unchecked.append(
                "the certificate: `facesocial up` makes one for this machine and renews it"
            )
            return False
        if profile is not Profile.LOCAL and not (named and (certificate.exists() or key.exists())):
            report.unchecked.append(f"the certificate {certificate} and its key: not on this machine")
            return False
        require_pair(certificate, key)
        days, warnings = lifetime(certificate, now)
    except ConfigurationError as error:
        hint = "" if NAMED in error.message else f" {NAMED} name it and its key."
        report.faults.append(error.message + hint)
        return False
    report.warnings += warnings
    report.checked.append(f"the certificate {certificate} and its key, which hold for {days} more days")
    return True


def _check_configuration(
    report: Report,
    profile: Profile,
    gateway: Gateway,
    nginx: Path | None,
    version: Version | None,
    certificate: bool,
) -> None:
    if nginx is None or version is None:
        report.unchecked.append(f"the configuration: nginx is not installed, or {PREFIX}NGINX=off")
        return
    try:
        require_recent(nginx, version)
        try_out(profile, gateway, nginx, version, certificate)
    except ConfigurationError as error:
        report.faults.append(error.message)
    else:
        report.checked.append(f"the configuration: NGINX {_dotted(version)} reads it")
    report.unchecked += not_tried(profile, gateway, version, certificate)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
