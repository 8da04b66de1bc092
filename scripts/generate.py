"""Writes the generated modules from `pybackend/spec/surface.json`; `--check` only says whether they are up to date."""

import argparse
import importlib
import keyword
import pkgutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def outputs() -> dict[Path, str]:
    """Every generated file with its text, from the modules of `scripts/generators/`."""
    from scripts import generators

    texts: dict[Path, str] = {}
    for info in pkgutil.iter_modules(generators.__path__):
        module = importlib.import_module(f"scripts.generators.{info.name}")
        texts |= {ROOT / path: text for path, text in module.generate().items()}
    return texts


def identifier(name: str) -> str:
    """A name that Python accepts."""
    return f"{name}_" if keyword.iskeyword(name) else name


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is out of date")
    options = parser.parse_args()
    stale = [path for path, text in outputs().items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        print(f"{'out of date' if options.check else 'written'}: {path.relative_to(ROOT)}")
        if not options.check:
            path.write_text(outputs()[path], "utf-8")
    return int(options.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
