"""Makes the environments of foreign frameworks: ``python tests/adapters/build.py [NAME...]`` (none: all of them).

The environment NAME lies in ``.adapters/NAME/`` and is made from ``environments/NAME.txt``: pinned requirements for
pip, after a first line ``# python: 3.12``; and from ``environments/NAME.npm.txt``: packages for npm. One that is there
and whose files have not changed is left alone. ``uv`` is used where it is on the PATH, else ``venv`` and ``pip``.
Only the standard library is used, so any Python 3.11 runs it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
WANTED = Path(__file__).resolve().parent / "environments"
BUILT = REPOSITORY / ".adapters"
SOURCES = REPOSITORY / "src"
CLIENTS = Path(__file__).resolve().parent / "clients"
STAMP = ".made-from"
"""Holds the digest of the files that an environment was made from; written last."""
MOST_SECONDS = 900.0
"""The longest that one command of an installer may take."""


class BuildError(Exception):
    """An environment could not be made; the message says which command failed and what it printed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an environment is made from. ``python`` is a version such as 3.12, empty where only npm is used."""

    name: str
    requirements: Path
    packages: Path

    @property
    def python(self) -> str:
        return declared_python(self.requirements) if self.requirements.exists() else ""

    @property
    def folder(self) -> Path:
        return BUILT / self.name

    def digest(self) -> str:
        digest = hashlib.sha256()
        for file in (self.requirements, self.packages):
            digest.update(file.read_bytes() if file.exists() else b"-")
            digest.update(b"\0")
        return digest.hexdigest()

    def is_made(self) -> bool:
        """Whether the environment is there and was made from these very files."""
        stamp = self.folder / STAMP
        return stamp.exists() and stamp.read_text() == self.digest()


def wanted(name: str) -> Wanted:
    """The description of an environment, made or not."""
    return Wanted(name, WANTED / f"{name}.txt", WANTED / f"{name}.npm.txt")


def names() -> list[str]:
    """Every environment that is described."""
    return sorted({file.name.removesuffix(".txt").removesuffix(".npm") for file in WANTED.glob("*.txt")})


def declared_python(requirements: Path) -> str:
    """The version in the first line of a file of requirements."""
    first = requirements.read_text().partition("\n")[0]
    found = re.fullmatch(r"# python: (3\.\d+)", first.strip())
    if not found:
        raise BuildError(
            f"{requirements.name}: the first line must be '# python: 3.11' or another version, got {first!r}"
        )
    return found[1]


def interpreter(version: str) -> str:
    """A Python of that version: this one, one on the PATH, or one that pyenv has installed but not switched on."""
    candidates = [sys.executable, shutil.which(f"python{version}") or ""]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates += [str(found / "bin" / "python") for found in sorted(pyenv.glob(f"{version}.*"), reverse=True)]
    for candidate in filter(None, candidates):
        asked = [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        answer = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
        if answer.stdout.strip() == version:
            return candidate
    raise BuildError(f"no Python {version} on this machine; install it, or uv, which can")


def run(*command: str | Path) -> None:
    """Run one command of an installer; its output is shown only where it fails."""
    texts = [str(part) for part in command]
    done = subprocess.run(
        texts,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=MOST_SECONDS,
    )
    if done.returncode:
        raise BuildError(f"{' '.join(texts)} failed with status {done.returncode}:\n{done.stdout[-4000:]}")


def install_python(environment: Wanted) -> None:
    """Make the virtual environment and install the requirements."""
    folder, requirements = environment.folder, environment.requirements
    uv = shutil.which("uv")
    if uv:
        try:
            found = interpreter(environment.python)
        except BuildError:
            found = environment.python
        run(uv, "venv", "--quiet", "--python", found, folder)
        run(uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python", "-r", requirements)
    else:
        run(interpreter(environment.python), "-m", "venv", folder)
        run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", "-r", requirements)


def install_packages(environment: Wanted) -> None:
    """Install the packages of npm into ``node_modules``."""
    npm = shutil.which("npm")
    if npm is None:
        raise BuildError(f"{environment.name} needs npm, and there is none on the PATH")
    lines = (line.strip() for line in environment.packages.read_text().splitlines())
    packages = [line for line in lines if line and not line.startswith("#")]
    run(npm, "install", "--silent", "--no-save", "--no-audit", "--no-fund", "--prefix", environment.folder, *packages)


def make(environment: Wanted) -> None:
    """Make an environment from nothing."""
    shutil.rmtree(environment.folder, ignore_errors=True)
    environment.folder.mkdir(parents=True)
    if environment.requirements.exists():
        install_python(environment)
    if environment.packages.exists():
        install_packages(environment)
    (environment.folder / STAMP).write_text(environment.digest())


def megabytes(folder: Path) -> float:
    """The size of the files below a folder, links not followed; hard links of a cache are counted as files."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir()) / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the environments of foreign frameworks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(names())}; none means all")
    asked = parser.parse_args().names or names()
    if unknown := sorted(set(asked) - set(names())):
        print(f"unknown environment {unknown[0]!r}; known: {', '.join(names())}", file=sys.stderr)
        return 2
    failed = 0
    for environment in map(wanted, asked):
        begun = time.monotonic()
        try:
            if environment.is_made():
                how = "as it was"
            else:
                make(environment)
                how = f"{time.monotonic() - begun:.0f} s"
        except (BuildError, subprocess.TimeoutExpired) as problem:
            failed += 1
            print(f"{environment.name}: {problem}", file=sys.stderr)
            continue
        version = f"python {environment.python}" if environment.python else "npm"
        print(f"{environment.name:<14} {version:<12} {megabytes(environment.folder):7.0f} MB  {how}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
