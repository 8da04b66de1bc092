"""Tests of the whole project; one file per module, `e2e` for whole calls."""
