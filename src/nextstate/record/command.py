"""The command line of the modules that record a domain's golden examples anew."""

from __future__ import annotations

import argparse
from pathlib import Path


def parser(module: str, about: str | None) -> argparse.ArgumentParser:
    """The parser of ``python -m nextstate.record.MODULE --out FILE``; ``about`` says what the module does."""
    one = argparse.ArgumentParser(prog=f"python -m nextstate.record.{module}", description=about)
    one.add_argument("--out", metavar="FILE", type=Path, required=True, help="the trajectory file to write")
    return one
