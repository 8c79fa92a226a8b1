"""Shell scripts: which there are, and trying those that a release runs."""
