"""Dashboards as code: ``python -m deploy.grafana`` writes them into ``deploy/grafana/dashboards``."""
