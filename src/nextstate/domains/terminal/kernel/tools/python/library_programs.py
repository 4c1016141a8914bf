"""``configparser`` and ``argparse``: the real ones, with their files, streams and exits led to the program's world."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine

Values = dict[str, Any]


def settings(machine: Machine) -> Values:
    """``configparser``, which reads files."""
    import configparser
    from collections import abc

    class ConfigParser(configparser.ConfigParser):
        def read(self, filenames: Any, encoding: str | None = None) -> list[Any]:
            done = []
            for name in [filenames] if isinstance(filenames, str) or hasattr(filenames, "__fspath__") else filenames:
                try:
                    text = machine.world.read(name).decode()
                except OSError:
                    continue
                self.read_string(text, str(name))
                done.append(name)
            return done

    ConfigParser.__module__ = "configparser"
    errors = {name: value for name, value in vars(configparser).items()
              if isinstance(value, type) and issubclass(value, Exception)}  # fmt: skip
    machine.let_in |= {ConfigParser, configparser.ConfigParser, configparser.RawConfigParser, configparser.SectionProxy}
    machine.let_in |= {abc.Mapping, abc.MutableMapping, abc.Collection, *errors.values()}
    machine.natives |= {ConfigParser, *errors.values()}
    return {"ConfigParser": ConfigParser, **errors}


def arguments(machine: Machine) -> Values:
    """``argparse``, which prints and exits."""
    import argparse

    def _init(self: Any, prog: str, **options: Any) -> None:
        if "COLUMNS" in machine.world.environ:
            raise Undetermined("the width of the terminal")
        argparse.HelpFormatter.__init__(self, prog, width=78, **options)

    kinds = "HelpFormatter RawDescriptionHelpFormatter ArgumentDefaultsHelpFormatter RawTextHelpFormatter".split()
    formatters = {name: type(name, (getattr(argparse, name),), {"__init__": _init}) for name in kinds}

    class ArgumentParser(argparse.ArgumentParser):
        def __init__(self, prog: str | None = None, **options: Any) -> None:
            if prog is None:
                prog = str(machine.modules["sys"].__dict__["argv"][0]).rpartition("/")[2]
            options.setdefault("formatter_class", formatters["HelpFormatter"])
            if options.get("fromfile_prefix_chars"):
                raise Undetermined("arguments from files")
            super().__init__(prog, **options)

        def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
            given = machine.modules["sys"].__dict__["argv"][1:] if args is None else args
            return super().parse_known_args(list(given), namespace)

        def _print_message(self, message: str, file: Any = None) -> None:
            if message:
                import sys

                system = machine.modules["sys"].__dict__
                name = "stdout" if file is sys.stdout or (file is None and self.showing) else "stderr"
                system[name].write(message)

        showing = False

        def print_help(self, file: Any = None) -> None:
            machine.modules["sys"].__dict__["stdout"].write(self.format_help())

        def print_usage(self, file: Any = None) -> None:
            import sys

            name = "stderr" if file is sys.stderr else "stdout"
            machine.modules["sys"].__dict__[name].write(self.format_usage())

        def exit(self, status: int = 0, message: str | None = None) -> Any:
            if message:
                machine.modules["sys"].__dict__["stderr"].write(message)
            raise SystemExit(status)

        def add_argument(self, *args: Any, **options: Any) -> Any:
            if "type" in options and options["type"] not in (int, float, str):
                options["type"] = Named(options["type"], machine.wrapped(options["type"]))
            return super().add_argument(*args, **options)

    ArgumentParser.__module__ = "argparse"
    bases = {base for base in ArgumentParser.__mro__ if base is not object}
    groups = {argparse._ArgumentGroup, argparse._MutuallyExclusiveGroup, argparse._SubParsersAction}
    machine.let_in |= bases | groups | {argparse.Namespace, *formatters.values()}
    machine.natives |= {ArgumentParser, argparse.Namespace, *formatters.values(), argparse.ArgumentTypeError}
    return {
        "ArgumentParser": ArgumentParser, "Namespace": argparse.Namespace, "SUPPRESS": argparse.SUPPRESS,
        "ArgumentTypeError": argparse.ArgumentTypeError, "REMAINDER": argparse.REMAINDER, **formatters,
    }  # fmt: skip


class Named:
    """A callable for ``type=``: messages show its name."""

    def __init__(self, f: Any, run: Callable[..., Any]) -> None:
        self.__name__ = getattr(f, "__name__", repr(f))
        self.run = run

    def __call__(self, text: str) -> Any:
        return self.run(text)


OWN: dict[str, Callable[[Machine], Values]] = {"configparser": settings, "argparse": arguments}
