"""Whole calls: a room service and backends as programs, looked at from outside."""
