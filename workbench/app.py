"""The workbench: ``streamlit run workbench/app.py``, with the project installed."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from workbench.components.bench import Bench
from workbench.components.environment import choose_environment
from workbench.components.health import show_health
from workbench.settings import WorkbenchSettings
from workbench.views import VIEWS, View

ICON = Path(__file__).with_name("icon.svg")


def main(settings: WorkbenchSettings) -> None:
    """One run of the page: the sidebar, the view, and the services' health when the view stands."""
    st.set_page_config(page_title="FaceSocial AI workbench", page_icon=ICON, layout="wide")
    with st.sidebar:
        bench = choose_environment(settings)
        health = st.container()
    pages = [_page(view, bench, first=view is VIEWS[0]) for view in VIEWS]
    st.navigation(pages).run()
    with health:
        show_health(bench.client, list(dict.fromkeys(name for view in VIEWS for name in view.services)))


def _page(view: View, bench: Bench, *, first: bool) -> st.Page:
    def draw() -> None:
        view.render(bench)

    return st.Page(draw, title=view.title, icon=view.icon, url_path=view.path, default=first)


if __name__ == "__main__":
    main(WorkbenchSettings())
