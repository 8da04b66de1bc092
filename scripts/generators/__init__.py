"""One module per generated artefact; each has `generate() -> {path below the project: text}`."""
