"""What Prometheus asks and when it alerts; ``python -m deploy.prometheus`` makes a folder for the local stack."""
