"""The face recognition service."""
