"""Checks of what is deployed: manifests, rules, dashboards, scripts. ``python -m deploy.checks`` runs them."""
