"""The deepfake detection service."""
