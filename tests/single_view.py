"""One view of the workbench by itself, drawn by Streamlit's own test runner; its client lasts as the session does."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

LIMIT_S = 60


def _script(address: str, token: str, view: str) -> None:
    from importlib import import_module

    import streamlit as st

    from bentos.contracts import SERVICES
    from workbench.client import Endpoints, FaceSocialClient, RetryPolicy
    from workbench.components.bench import Bench

    services = {service.name: address for service in SERVICES}
    if "tests' client" not in st.session_state:
        retry = RetryPolicy(attempts=1)
        st.session_state["tests' client"] = FaceSocialClient(Endpoints(services), token=token, retry=retry)
    import_module(f"workbench.views.{view}").render(Bench("local", st.session_state["tests' client"]))


def single_view(view: str, address: str, token: str = "a.b.c", **query: str) -> AppTest:
    """A view whose services all are at one address, opened by a link with ``query``."""
    names = {"address": address, "token": token, "view": view}
    page = AppTest.from_function(_script, kwargs=names, default_timeout=LIMIT_S)
    for name, value in query.items():
        page.query_params[name] = value
    return page


def said(page: AppTest) -> str:
    """All that the page says, tables left out."""
    kinds = (page.error, page.warning, page.info, page.success, page.caption, page.markdown, page.subheader)
    return "\n".join(element.value for kind in kinds for element in kind)


def cells(page: AppTest) -> list[str]:
    """All that stands in its tables."""
    return [value for table in page.dataframe for value in table.value.astype(str).to_numpy().ravel()]


def html(page: AppTest) -> str:
    """All that it says in HTML of its own."""
    return "".join(element.proto.body for element in page.get("html"))
