"""How the project's own default weights are made."""
