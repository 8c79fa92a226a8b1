"""The face detection service."""
