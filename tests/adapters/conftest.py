"""What the tests against foreign frameworks share: their environments, and clients that run inside them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import build
import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping


@pytest.fixture(scope="session")
def environment() -> Callable[[str], Path]:
    """``environment("harbor")`` is the Python of that environment; the test is skipped where it was not made."""

    def find(name: str) -> Path:
        _require(name)
        return build.wanted(name).folder / "bin" / "python"

    return find


@pytest.fixture(scope="session")
def packages() -> Callable[[str], Path]:
    """``packages("typescript")`` is the folder that holds ``node_modules``; skipped where it was not made."""

    def find(name: str) -> Path:
        _require(name)
        return build.wanted(name).folder

    return find


@pytest.fixture
def inside(environment: Callable[[str], Path], tmp_path: Path) -> Callable[..., Awaitable[str]]:
    """``await inside("harbor", "-m", "harbor", "--help")`` runs that environment's Python and gives what it printed.

    It runs in an empty folder with our sources on its path, so that ``nextstate.adapters`` can be imported, and with
    the programs of the environment first on the PATH. A status other than 0 fails the test, with what was printed.
    """

    async def run(
        name: str, *arguments: str | Path, variables: Mapping[str, str] | None = None, seconds: float = 120.0
    ) -> str:
        python = environment(name)
        return await _output(python, *arguments, folder=tmp_path, variables=variables or {}, seconds=seconds)

    return run


@pytest.fixture
def client(inside: Callable[..., Awaitable[str]]) -> Callable[..., Awaitable[str]]:
    """``await client("openenv", url)`` runs ``clients/openenv.py`` in the environment ``openenv``: what it printed.

    ``script="other"`` runs ``clients/other.py`` there instead.
    """

    async def run(
        name: str,
        *arguments: str,
        script: str = "",
        variables: Mapping[str, str] | None = None,
        seconds: float = 120.0,
    ) -> str:
        program = build.CLIENTS / f"{script or name}.py"
        return await inside(
            name, "-P", program, *arguments, variables=variables, seconds=seconds
        )  # a client may be named like its package

    return run


def _require(name: str) -> None:
    if name not in build.names():
        pytest.fail(f"there is no environments/{name}.txt")
    if not build.wanted(name).is_made():
        pytest.skip(f"the environment {name!r} is not made, or is outdated; run: make adapters")


async def _output(
    python: Path, *arguments: str | Path, folder: Path, variables: Mapping[str, str], seconds: float
) -> str:
    """Standard output of a Python program; standard error is shown only where it fails."""
    process = await asyncio.create_subprocess_exec(
        python,
        *arguments,
        cwd=folder,
        env=_variables(python, folder) | dict(variables),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        process.kill()
        await process.wait()
        pytest.fail(f"{' '.join(map(str, arguments))} took longer than {seconds:g} s")
    output = out.decode(errors="replace")
    if process.returncode:
        pytest.fail(f"status {process.returncode}\n{output[-4000:]}\n{err.decode(errors='replace')[-8000:]}")
    return output


def _variables(python: Path, folder: Path) -> dict[str, str]:
    """Few variables: nothing of this process's own environment, of the user's home or of a proxy gets in."""
    return {
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": str(build.SOURCES),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "NO_PROXY": "127.0.0.1,localhost",
    }
