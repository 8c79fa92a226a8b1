"""Galleries: who is enrolled, who a face is, and how somebody is forgotten."""
