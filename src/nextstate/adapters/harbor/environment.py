"""The environment that Harbor starts: commands and files of a simulated machine (:class:`HarborEnvironment`)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from harbor.environments.base import BaseEnvironment, ExecResult, SandboxBuildFailedError
from harbor.environments.capabilities import EnvironmentCapabilities
from harbor.models.task.config import TaskOS
from harbor.models.trial.paths import EnvironmentPaths

from nextstate.adapters import KEY
from nextstate.adapters.client import Client
from nextstate.adapters.harbor.label import FILE, TRAJECTORY, label
from nextstate.adapters.harbor.tmux import Tmux
from nextstate.adapters.machine import Machine
from nextstate.errors import NextstateError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.adapters.client import Remote

MOST_FILES = 500
"""Files of one folder that are moved to or from a machine."""
_WORKDIR = re.compile(r"^\s*WORKDIR\s+(/[^\s$]*)\s*$", re.MULTILINE | re.IGNORECASE)


class SimulationFailed(RuntimeError):
    """A step was not answered: the session has ended, the budget is spent, the server is gone."""


class HarborEnvironment(BaseEnvironment):  # type: ignore[misc]  # Harbor lives in its user's environment
    """A machine that is simulated by the server at ``url``, as ``scenario`` describes it.

    ``model``, ``seed`` and ``instruction`` are those of the session (with an instruction nothing is computed).
    ``key`` is better given as the variable ``NEXTSTATE_KEY``. Of the task's Dockerfile the working directory is used.

    Output and errors of a command come together as ``stdout``. Users are not switched, and limits in seconds are not
    applied, since no time passes on a simulated machine. Calls of tmux are answered by panes in front of the session.
    """

    def __init__(
        self,
        *args: Any,
        url: str,
        scenario: str = "",
        model: str = "",
        seed: int | str = 0,
        instruction: str | None = None,
        key: str | None = None,
        **options: Any,
    ) -> None:
        self._client = Client(url, key or os.environ.get(KEY))
        self._scenario, self._model, self._seed, self._instruction = scenario, model, int(seed), instruction
        self._machine: Machine | None = None
        self._tmux: Tmux | None = None
        self._home = ""
        self._before: Counter[str] | None = None
        super().__init__(*args, **options)

    @staticmethod
    def type() -> str:
        return "nextstate"

    @property
    def capabilities(self) -> EnvironmentCapabilities:
        """Nothing on a simulated machine reaches a network, so a task may ask for none."""
        return EnvironmentCapabilities(disable_internet=True)

    def _validate_definition(self) -> None:
        if self.os is not TaskOS.LINUX:
            raise ValueError("a simulated machine runs a POSIX shell; this task asks for another operating system")

    async def start(self, force_build: bool) -> None:
        """Create the session and the folders that Harbor's tasks write to. Nothing is built."""
        try:
            session = await asyncio.to_thread(self._create)
        except UsageError as error:
            raise SandboxBuildFailedError(str(error)) from error
        except NextstateError as error:
            raise SimulationFailed(str(error)) from error
        self._machine = Machine(session)
        self._tmux = Tmux(self._machine)
        paths = EnvironmentPaths.for_os(self.os)
        folders = [*self._mount_targets(writable_only=True), *map(str, (paths.agent_dir, paths.verifier_dir))]
        self._home = self.task_env_config.workdir or self._dockerfile_workdir()
        if self._home:
            folders.append(self._home)
        else:
            self._home = (await self._ran("pwd")).strip()
        await self.ensure_dirs(list(dict.fromkeys(folders)))
        await self._upload_environment_dir_after_start()
        if not self._enable_environment_dir_upload:  # the image of a separate verifier holds the tests
            await self.upload_dir(self.environment_dir, str(paths.tests_dir))

    async def stop(self, delete: bool) -> None:
        """Write what the session was beside the trial's results; with ``delete`` the session is closed."""
        if self._machine is None:
            return
        machine, tmux = self._started()
        session = machine.session
        try:
            await asyncio.to_thread(session.close if delete else session.refresh)
            trajectory = await asyncio.to_thread(session.trajectory)
        except NextstateError as error:
            raise SimulationFailed(str(error)) from error
        folder = self.trial_paths.trial_dir
        keys = [key for pane in tmux.panes.values() for key in pane.unknown]
        (folder / TRAJECTORY).write_text(json.dumps(trajectory) + "\n")
        told = label(session.view, machine, self._before, keys)
        (folder / FILE).write_text(json.dumps(told, indent=1) + "\n")

    async def exec(
        self,
        command: str,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        timeout_sec: int | None = None,
        user: str | int | None = None,
    ) -> ExecResult:
        """Run a command in a fresh shell of the machine; one for tmux is answered by a pane."""
        machine, tmux = self._started()
        where = cwd or self._home
        with _in_words_of_harbor():
            said = await tmux.answer(command, where)
            if said is not None:
                failed = said.output if said.status else None
                return ExecResult(stdout=said.output, stderr=failed, return_code=said.status)
            ran = await machine.run(command, cwd=where, variables=self._merge_env(env))
        unread = "" if ran.told else "nextstate: the world did not show how the command ended\n"
        return ExecResult(stdout=ran.output, stderr=unread, return_code=ran.status)

    async def upload_file(self, source_path: Path | str, target_path: str) -> None:
        machine, _ = self._started()
        source = Path(source_path)
        content = source.read_bytes()
        with _in_words_of_harbor():
            ran = await machine.write(str(target_path), content, executable=os.access(source, os.X_OK))
        if ran.status:
            raise SimulationFailed(f"{target_path} was not written: {ran.output[:300] or 'the world did not say why'}")

    async def upload_dir(self, source_dir: Path | str, target_dir: str) -> None:
        machine, _ = self._started()
        if self._before is None and str(target_dir) == str(EnvironmentPaths.for_os(self.os).tests_dir):
            self._before = Counter(machine.origins)
        source = Path(source_dir)
        files = sorted(path for path in source.rglob("*") if path.is_file())
        _bounded(files, source)
        for path in files:
            await self.upload_file(path, str(PurePosixPath(target_dir) / path.relative_to(source).as_posix()))

    async def download_file(self, source_path: str, target_path: Path | str) -> None:
        machine, tmux = self._started()
        content = tmux.cast(str(source_path))
        if content is None:
            with _in_words_of_harbor():
                content = await machine.read(str(source_path))
        target = Path(target_path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    async def download_dir(self, source_dir: str, target_dir: Path | str) -> None:
        """Copy the files that the world lists below a folder; one whose content it does not show is left out."""
        machine, tmux = self._started()
        with _in_words_of_harbor():
            files = await machine.files(str(source_dir))
        files += [path for path in tmux.recorded() if PurePosixPath(path).is_relative_to(source_dir)]
        _bounded(files, source_dir)
        for path in files:
            found = PurePosixPath(path)
            inside = found.relative_to(source_dir) if found.is_relative_to(source_dir) else PurePosixPath("..")
            if ".." in inside.parts:
                raise SimulationFailed(f"the world listed {path[:200]!r}, which is not below {source_dir}")
            try:
                await self.download_file(path, Path(target_dir, *inside.parts))
            except OSError as error:
                self.logger.warning("nextstate: %s is left out: %s", path, error)

    def _create(self) -> Remote:
        return self._client.create(
            scenario=self._scenario, model=self._model, seed=self._seed, instruction=self._instruction
        )

    def _dockerfile_workdir(self) -> str:
        """The last absolute WORKDIR of the task's Dockerfile; empty where it has none."""
        dockerfile = self.environment_dir / "Dockerfile"
        text = dockerfile.read_text(errors="replace") if dockerfile.is_file() else ""
        found = [str(folder) for folder in _WORKDIR.findall(text)]
        return found[-1] if found else ""

    async def _ran(self, command: str) -> str:
        return (await self.exec(command)).stdout or ""

    def _started(self) -> tuple[Machine, Tmux]:
        if self._machine is None or self._tmux is None:
            raise SimulationFailed("the environment was not started")
        return self._machine, self._tmux


@contextlib.contextmanager
def _in_words_of_harbor() -> Iterator[None]:
    """Our errors as an error that Harbor records with its trial."""
    try:
        yield
    except NextstateError as error:
        raise SimulationFailed(str(error)) from error


def _bounded(files: list[Any], folder: object) -> None:
    if len(files) > MOST_FILES:
        raise SimulationFailed(f"{folder} holds {len(files)} files; at most {MOST_FILES} are moved")
