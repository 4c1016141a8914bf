"""Which names a function binds, and private names of classes: what Python settles before a program runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True)
class Scope:
    """``kind`` is ``module``, ``class``, ``function`` or ``comprehension``."""

    kind: str
    bound: set[str] = field(default_factory=set)
    """Names that live in this scope."""
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)
    """The bound names in the order in which they occur: parameters first."""
    yields: bool = False

    def bind(self, name: str) -> None:
        if name not in self.bound:
            self.bound.add(name)
            self.order.append(name)


def scope_of(node: ast.AST) -> Scope:
    """The scope that a module, class, function or comprehension opens."""
    if isinstance(node, FUNCTIONS):
        scope = Scope("function")
        for arg in parameters(node.args):
            scope.bind(arg.arg)
        body: Iterable[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else node.body
    elif isinstance(node, COMPREHENSIONS):
        scope = Scope("comprehension")
        for generator in node.generators:
            _targets(generator.target, scope)
        return scope
    else:
        scope = Scope("class" if isinstance(node, ast.ClassDef) else "module")
        body = getattr(node, "body", [])
    for statement in body:
        _collect(statement, scope)
    scope.bound -= scope.globals | scope.nonlocals
    scope.order = [name for name in scope.order if name in scope.bound]
    return scope


def parameters(args: ast.arguments) -> list[ast.arg]:
    """All parameters in the order of the compiler: positional, keyword-only, ``*args``, ``**kwargs``."""
    rest = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *rest]


def _targets(target: ast.AST, scope: Scope) -> None:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            scope.bind(node.id)


def _collect(node: ast.AST, scope: Scope) -> None:
    """What ``node`` binds in the scope around it."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            scope.bind(name)
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            scope.bind(name)
        case ast.Global(names=names):
            scope.globals.update(names)
        case ast.Nonlocal(names=names):
            scope.nonlocals.update(names)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            scope.bind(name)
        case ast.MatchMapping(rest=str(name)):
            scope.bind(name)
        case ast.alias(name=name, asname=asname):
            scope.bind(asname or name.partition(".")[0])
        case ast.Yield() | ast.YieldFrom():
            scope.yields = True
    for child in _inside(node):
        _collect(child, scope)


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """The children that belong to the same scope."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from node.decorator_list
            yield from _defaults(node.args)
        case ast.Lambda():
            yield from _defaults(node.args)
        case ast.ClassDef():
            yield from (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords))
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            yield node.generators[0].iter
            for inner in ast.walk(node):  # a walrus binds in the function around the comprehension
                if isinstance(inner, ast.NamedExpr):
                    yield inner.target
        case _:
            yield from ast.iter_child_nodes(node)


def _defaults(args: ast.arguments) -> Iterator[ast.expr]:
    yield from args.defaults
    yield from (default for default in args.kw_defaults if default is not None)


def has_yield(node: ast.AST) -> bool:
    """Whether a statement yields (nested functions aside)."""
    if isinstance(node, ast.Yield | ast.YieldFrom):
        return True
    if isinstance(node, (*FUNCTIONS, ast.ClassDef, *COMPREHENSIONS)):
        return False
    return any(has_yield(child) for child in ast.iter_child_nodes(node))


class Mangler(ast.NodeTransformer):
    """Gives private names of classes (``__x``) the names that they really have (``_Class__x``)."""

    def __init__(self) -> None:
        self.owner = ""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self.mangled(node.name)
        outer, self.owner = self.owner, node.name.lstrip("_")
        self.generic_visit(node)
        self.owner = outer
        return node

    def visit(self, node: ast.AST) -> ast.AST:
        for attribute in ("id", "attr", "name", "arg", "asname"):
            value = getattr(node, attribute, None)
            if isinstance(value, str) and not isinstance(node, ast.ClassDef):
                setattr(node, attribute, self.mangled(value))
        if isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [self.mangled(name) for name in node.names]
        visited: ast.AST = super().visit(node)
        return visited

    def mangled(self, name: str) -> str:
        if self.owner and name.startswith("__") and not name.endswith("__") and "." not in name:
            return f"_{self.owner}{name}"
        return name
