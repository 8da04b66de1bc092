"""The mirrored surface as data, and what is decided from data alone: validation, codes, the OpenRPC document.

`surface.json` is the one source. The enums, the Python client and the JavaScript package are generated from it
(`scripts/generate.py`) or checked against it.
"""
