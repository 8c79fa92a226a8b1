"""Backups of the relational store, the only one that cannot be made anew from another."""

from deploy.local.backup.operations import restore, save

__all__ = ["restore", "save"]
