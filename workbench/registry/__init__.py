"""The registry of models: read over MLflow's REST, changed by the project's own command alone, so through the gate."""
