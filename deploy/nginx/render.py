"""From variables to the configuration that NGINX reads."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deploy.nginx import gateway as versions
from deploy.nginx.answers import ANSWERS, RETRY_AFTER_S, UNVERIFIED, envelope
from deploy.nginx.gateway import Gateway
from deploy.nginx.routes import PREFIX, SERVICE_PREFIXES, identifier

TEMPLATE = "gateway.conf.j2"


def render(gateway: Gateway) -> str:
    """The text of ``nginx.conf``."""
    # What it makes is no HTML: escaping would break it, and Gateway lets nothing in that NGINX could misread.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["identifier"] = identifier
    return environment.get_template(TEMPLATE).render(
        gateway=gateway,
        services=SERVICE_PREFIXES,
        prefix=PREFIX,
        answers=ANSWERS,
        retry_after=RETRY_AFTER_S,
        refused=envelope("$token_error", "$token_message"),
        unverified=UNVERIFIED,
        versions=versions,
    )
