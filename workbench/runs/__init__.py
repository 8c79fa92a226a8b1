"""Batch runs: many pictures sent to the services, each accounted for, whatever stops in between.

A run is kept in SQLite in the workbench's data folder: its pictures (``items``), and an answer for each picture and
task. One thread of the server's process works on a run (``worker``); it may end at any moment, by a restart or by
``kill -9``, and what was not written down is sent again. The token is never written down.
"""
