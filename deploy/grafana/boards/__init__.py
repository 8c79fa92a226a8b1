"""The dashboards, in the order in which one looks at them."""

from deploy.grafana.boards.drift import DRIFT
from deploy.grafana.boards.galleries import GALLERIES
from deploy.grafana.boards.gateway import GATEWAY
from deploy.grafana.boards.jobs import JOBS
from deploy.grafana.boards.models import MODELS
from deploy.grafana.boards.overview import OVERVIEW
from deploy.grafana.dashboard import Dashboard

DASHBOARDS: tuple[Dashboard, ...] = (OVERVIEW, MODELS, JOBS, GALLERIES, DRIFT, GATEWAY)

__all__ = ["DASHBOARDS"]
