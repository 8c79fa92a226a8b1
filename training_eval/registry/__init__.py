"""Runs and versions of models in MLflow: a file on this machine, or a server.

``tracking`` opens the store, ``versions`` keeps what was trained and what was measured of it, ``aliases`` says which
version is the champion, ``gate`` asks whether another may become it.
"""

import os

# MLflow reports to its makers from its import on and notes an installation id in the home folder; it asks then.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
# What it prints by itself, in words for other programs than this one.
os.environ["MLFLOW_CONFIGURE_LOGGING"] = "false"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
# It would ask a server that is down for four minutes before it says so.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
