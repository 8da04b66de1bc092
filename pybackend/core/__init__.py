"""Decisions without I/O: what a session does next, how it ends, what is remembered. Standard library only."""
