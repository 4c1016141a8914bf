"""The interpreter: one program, its modules, its streams and its files."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python import importing
from nextstate.domains.terminal.kernel.tools.python.expressions import enclosing
from nextstate.domains.terminal.kernel.tools.python.flow import Flow, Steps
from nextstate.domains.terminal.kernel.tools.python.formats import format_text
from nextstate.domains.terminal.kernel.tools.python.limits import DEPTH
from nextstate.domains.terminal.kernel.tools.python.objects import Builtin, Frame, Function, Module, Source, details
from nextstate.domains.terminal.kernel.tools.python.scope import Mangler, Scope
from nextstate.domains.terminal.kernel.tools.python.statements import HALTS, Returned

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.world import World


class Machine(Flow):
    """Runs one program in one `World`."""

    def __init__(self, world: World) -> None:
        super().__init__(world.budget)
        from nextstate.domains.terminal.kernel.tools.python.builtins import install

        self.world = world
        self.exact = world.exact
        self.modules: dict[str, Module] = {}
        self.main: dict[str, Any] = {}
        self.cleanup: list[Any] = []
        """Called when the program has ended, however it did."""
        self.endings: list[Callable[[], None]] = []
        """Called when the program has come to its end, before its files are closed."""
        self.builtins: dict[str, Any] = {}
        install(self)

    def message(self, kind: str, name: str) -> str:
        if kind == "unbound":
            if self.world.minor is None:
                raise Undetermined("how this version words an unbound name")
            if self.world.minor < 11:
                return f"local variable '{name}' referenced before assignment"
            return f"cannot access local variable '{name}' where it is not associated with a value"
        if self.world.minor is None:
            raise Undetermined("how this version words an unbound name")
        if self.world.minor < 11:
            return f"free variable '{name}' referenced before assignment in enclosing scope"
        return f"cannot access free variable '{name}' where it is not associated with a value in enclosing scope"

    # -- running ----------------------------------------------------------------------------------------------

    def program(self, tree: ast.Module, source: Source, values: dict[str, Any]) -> None:
        """Executes a module's text with ``values`` as its names."""
        if any(isinstance(node, ast.ClassDef) for node in ast.walk(tree)):
            Mangler().visit(tree)
        doc = ast.get_docstring(tree, clean=False)
        values.setdefault("__doc__", doc)
        frame = Frame("<module>", self.scope(tree), values, None, values, source)
        try:
            self.run(tree.body, frame)
        except HALTS:
            raise
        except BaseException as error:
            self.saw(error, frame)
            raise

    def invoke(self, function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        node, scope = function.node_, function.scope_
        home = function.frame_
        name = function.__dict__["__name__"] if isinstance(node, ast.Lambda) else node.name
        frame = Frame(name, scope, self.bind(function, args, kwargs), enclosing(home), home.globals, home.source)
        frame.path, frame.home = function.__dict__["__qualname__"], function.home_
        if scope.yields:
            return self.generate(node, frame)
        self.depth += 1
        if self.depth > DEPTH:
            raise Undetermined("calls are nested deeply")
        try:
            if isinstance(node, ast.Lambda):
                return self.ev(node.body, frame)
            signal = self.run(node.body, frame)
            return signal.value if isinstance(signal, Returned) else None
        except HALTS:
            raise
        except BaseException as error:
            self.saw(error, frame)
            raise
        finally:
            self.depth -= 1

    def generate(self, node: ast.FunctionDef | ast.Lambda, frame: Frame) -> Steps:
        """The generator that a function which yields gives."""
        if isinstance(node, ast.Lambda):
            raise Undetermined("a lambda that yields")
        self.budget.spend(1)
        try:
            signal = yield from self.walk_body(node.body, frame)
        except HALTS:
            raise
        except BaseException as error:
            if not isinstance(error, GeneratorExit):
                self.saw(error, frame)
            raise
        return signal.value if isinstance(signal, Returned) else None

    def formatter(self, text: str, name: str) -> Any:
        if name == "format":
            return Builtin("format", lambda *args, **kwargs: format_text(self, text, args, kwargs))
        return Builtin("format_map", lambda mapping: format_text(self, text, (), mapping))

    # -- modules ----------------------------------------------------------------------------------------------

    def do_import(self, node: ast.Import, frame: Frame) -> None:
        for alias in node.names:
            frame.node = node
            module = importing.load(self, alias.name)
            if alias.asname:
                self.put(alias.asname, module, frame)
            else:
                self.put(alias.name.partition(".")[0], importing.load(self, alias.name.partition(".")[0]), frame)

    def do_import_from(self, node: ast.ImportFrom, frame: Frame) -> None:
        frame.node = node
        if node.module == "__future__":
            frame.globals["\0futures"] = {alias.name for alias in node.names}
            return
        module = importing.load(self, importing.absolute(node, frame))
        for alias in node.names:
            frame.node = node
            if alias.name == "*":
                for name, value in importing.star(module).items():
                    self.put(name, value, frame)
            else:
                self.put(alias.asname or alias.name, importing.member(self, module, alias.name), frame)

    def submodule(self, module: Module, name: str) -> Any:
        return self.modules.get(f"{details(module).name}.{name}")


__all__ = ["Machine", "Scope"]
