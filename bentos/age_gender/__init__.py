"""The age and gender service."""
