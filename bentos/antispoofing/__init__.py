"""The antispoofing service."""
