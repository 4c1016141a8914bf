"""Which attributes a program may reach. Everything that is not known to be harmless is refused."""

from __future__ import annotations

import types
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, UserString, defaultdict, deque
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python.objects import Builtin, Function, Module, details
from nextstate.domains.terminal.kernel.tools.python.streams import PUBLIC, File, Output

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine

OPEN = {
    str, bytes, bytearray, int, float, complex, bool, list, tuple, dict, set, frozenset, range, slice, property,
    object, memoryview, Counter, OrderedDict, UserDict, UserList, UserString, defaultdict, deque, ChainMap,
    types.SimpleNamespace, types.MappingProxyType, types.GenericAlias, types.UnionType,
    type({}.keys()), type({}.values()), type({}.items()), staticmethod, classmethod, cached_property,
}  # fmt: skip
"""Types all of whose public attributes are harmless."""
NAMED: dict[type, frozenset[str]] = {
    types.GeneratorType: frozenset(("send", "throw", "close")),
    partial: frozenset(("func", "args", "keywords")),
}
"""Types of which only these attributes may be reached."""
HIDDEN: dict[str, frozenset[str]] = {
    "str": frozenset(("format", "format_map")),
    "date": frozenset(("today", "fromtimestamp")),
    "datetime": frozenset(("now", "today", "utcnow", "fromtimestamp", "timestamp", "astimezone")),
    "Path": frozenset(("chmod", "lchmod", "owner", "group", "link_to", "hardlink_to", "readlink", "is_mount")),
}
"""Attributes of public types that depend on more than the program, or that reach further than it may."""

DUNDERS = frozenset(
    """__init__ __repr__ __str__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __hash__ __bool__ __len__ __getitem__
    __setitem__ __delitem__ __contains__ __iter__ __next__ __reversed__ __call__ __enter__ __exit__ __add__ __radd__
    __iadd__ __sub__ __rsub__ __isub__ __mul__ __rmul__ __imul__ __matmul__ __truediv__ __rtruediv__ __itruediv__
    __floordiv__ __rfloordiv__ __mod__ __rmod__ __divmod__ __pow__ __rpow__ __lshift__ __rshift__ __and__ __rand__
    __or__ __ror__ __xor__ __neg__ __pos__ __abs__ __invert__ __int__ __float__ __complex__ __index__ __round__
    __trunc__ __floor__ __ceil__ __format__ __getattr__ __missing__ __post_init__ __init_subclass__ __set_name__
    __get__ __set__ __delete__ __class_getitem__ __slots__ __match_args__ __doc__ __module__ __qualname__
    __annotations__ __new__ __bytes__ __copy__ __deepcopy__ __length_hint__ __fspath__ __instancecheck__
    __setattr__ __delattr__ __iand__ __ior__ __ixor__ __ifloordiv__ __imod__ __ipow__""".split()
)
"""Special names that a class of the program may define."""
_INHERITED = frozenset(
    """__init__ __repr__ __str__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __len__ __getitem__ __setitem__ __delitem__
    __contains__ __iter__ __next__ __enter__ __exit__ __setattr__ __delattr__ __new__ __init_subclass__
    __sub__ __missing__ __post_init__""".split()
)
"""Special methods of native classes that ``super()`` or a class name may lead to."""
_NEW = frozenset(
    """isascii fromisoformat fromisocalendar nullcontext time_ns perf_counter_ns monotonic_ns process_time_ns remainder
    prod comb perm isqrt dist cbrt exp2 sumprod fma lcm nextafter ulp pairwise batched cache cached_property
    singledispatchmethod removeprefix removesuffix bit_count randbytes binomialvariate
    is_relative_to with_stem with_segments hardlink_to is_junction aclosing
    add_note file_digest b32hexencode b32hexdecode Annotated Final Literal Protocol TypedDict final
    get_args get_origin runtime_checkable ParamSpec TypeAlias TypeGuard Concatenate Self Never LiteralString override
    StrEnum UTC issoftkeyword softkwlist""".split()
)
"""Names that came with Python 3.7 or later (texts, numbers and times with them): not all versions have them."""
_OF_CLASSES = frozenset(("__mro__", "__bases__", "__subclasses__", "__members__", "__dataclass_fields__"))
_ALWAYS = frozenset(("__class__", "__name__", "__qualname__"))


def attribute(machine: Machine, value: Any, name: str) -> Any:
    """``value.name`` as the program may have it."""
    kind = type(value)
    new = name in _NEW or (kind is int and name in ("as_integer_ratio", "is_integer"))
    if new and not machine.world.exact and not machine.owns(value if isinstance(value, type) else kind):
        raise Undetermined(f"whether this version has {name}")
    if kind is Module:
        return _of_module(machine, value, name)
    if kind is str and name in ("format", "format_map"):
        return machine.formatter(value, name)
    if name.startswith("__") and name.endswith("__"):
        return _special(machine, value, kind, name)
    if "\0" in name:
        raise Undetermined("a name with a NUL")
    if kind is super:
        return _of_super(machine, value, name)
    if isinstance(value, type):
        if _on_class(machine, value, name):
            return getattr(value, name)
    elif _on_instance(machine, value, kind, name):
        return getattr(value, name)
    return _missing(machine, value, name)


def _on_instance(machine: Machine, value: Any, kind: type, name: str) -> bool:
    if kind in OPEN:
        return name[:1] != "_" and name not in HIDDEN.get(kind.__name__, ())
    named = NAMED.get(kind)
    if named is not None:
        return name in named
    if kind is Function:
        return name in value.__dict__
    if isinstance(value, File | Output):
        return name in PUBLIC
    own = getattr(value, "__dict__", None)
    if (
        own is not None
        and name in own
        and (machine.owns(kind) or isinstance(value, BaseException) or kind in machine.let_in)
    ):
        return True
    for base in kind.__mro__:
        if name in vars(base):
            return machine.owns(base) or _public(machine, base, name)
    return machine.owns(kind)  # a missing attribute, or the program's own __getattr__


def _public(machine: Machine, base: type, name: str) -> bool:
    if base in NAMED:
        return name in NAMED[base]
    public = name[:1] != "_" or name in ("_asdict", "_replace", "_fields", "_make", "_fields_defaults")
    return public and (base in OPEN or harmless(machine, base)) and name not in HIDDEN.get(base.__name__, ())


def harmless(machine: Machine, base: type) -> bool:
    """Types that were let in by a module, exceptions, named tuples."""
    if base in machine.let_in:
        return True
    if issubclass(base, BaseException):
        return base.__module__ == "builtins"
    return issubclass(base, tuple) and hasattr(base, "_fields")


def _on_class(machine: Machine, value: type, name: str) -> bool:
    for base in value.__mro__:
        if name in vars(base):
            return base in machine.classes or _public(machine, base, name)
    if value in machine.classes:
        return name == "mro" or not hasattr(value, name) or type(value).__module__ in ("enum", "builtins", "abc")
    return False


def _of_module(machine: Machine, module: Module, name: str) -> Any:
    values = module.__dict__
    if name in values and name != "\0":
        return values[name]
    known = details(module)
    if known.own:
        found = machine.submodule(module, name)
        if found is not None:
            return found
    elif known.real is None or hasattr(known.real, name):
        raise Undetermined(f"{known.name}.{name} is not computed")
    raise AttributeError(f"module {known.name!r} has no attribute {name!r}", name=name, obj=module)


def _of_super(machine: Machine, value: Any, name: str) -> Any:
    found = getattr(value, name)  # raises the real message
    for base in value.__self_class__.__mro__:
        if name in vars(base) and (base in machine.classes or _public(machine, base, name)):
            return found
    raise Undetermined(f"super().{name}")


def _special(machine: Machine, value: Any, kind: type, name: str) -> Any:
    if kind is Function and name in value.__dict__:
        return value.__dict__[name]
    if kind is Function and name == "__defaults__":
        return value.defaults_ or None
    if kind is super:
        if name in _INHERITED:
            return getattr(value, name)
        raise Undetermined(f"super().{name}")
    if name == "__class__":
        if kind is Builtin or kind.__module__.startswith("nextstate"):
            raise Undetermined(f"the class of a {kind.__name__}")
        return kind
    if isinstance(value, type):
        return _special_of_class(machine, value, name)
    if name in ("__name__", "__doc__", "__wrapped__") and kind.__name__ in ("_lru_cache_wrapper", "method"):
        return getattr(value, name)
    if name == "__name__" and isinstance(value, Builtin | types.BuiltinFunctionType):
        return value.__name__
    if kind in machine.classes:
        return _special_of_instance(machine, value, kind, name)
    if name in ("__len__", "__next__", "__contains__", "__str__", "__repr__") and hasattr(kind, name):
        machine.vet(value)
        return getattr(value, name)
    if name in ("__cause__", "__context__") and isinstance(value, BaseException):
        return getattr(value, name)
    return _missing(machine, value, name)


def _special_of_class(machine: Machine, value: type, name: str) -> Any:
    if name in _ALWAYS:
        return getattr(value, name)
    for base in value.__mro__:
        if base in machine.classes and name in vars(base) and name in DUNDERS:
            return getattr(value, name)
    if value in machine.classes and name in _OF_CLASSES:
        return getattr(value, name)
    if name in _INHERITED and hasattr(value, name) and name != "__new__":
        return getattr(value, name)
    if name == "__new__" and value is object:
        return object.__new__
    return _missing(machine, value, name)


def _special_of_instance(machine: Machine, value: Any, kind: type, name: str) -> Any:
    if name == "__dict__":
        return value.__dict__
    for base in kind.__mro__:
        if name in vars(base) and (base in machine.classes and name in DUNDERS):
            return getattr(value, name)
    if name in ("__len__", "__contains__", "__iter__", "__getitem__", "__setitem__", "__eq__") and hasattr(kind, name):
        return getattr(value, name)
    if name in ("__repr__", "__str__"):
        machine.vet(value)
        return getattr(value, name)
    return _missing(machine, value, name)


def _missing(machine: Machine, value: Any, name: str) -> Any:
    """Raises Python's own message when there is no such attribute, and refuses one that there is."""
    if isinstance(value, Builtin | Function) or type(value).__module__.startswith("nextstate"):
        raise Undetermined(f"{type(value).__name__}.{name} is not computed")
    if hasattr(type(value) if not isinstance(value, type) else value, name) or hasattr(value, name):
        raise Undetermined(f"{type(value).__name__}.{name} is not computed")
    return getattr(value, name)


def assign(machine: Machine, value: Any, name: str, new: Any) -> None:
    """``value.name = new``."""
    kind = type(value)
    if kind is Module and details(value).own:
        value.__dict__[name] = new
        return
    if isinstance(value, type):
        if value in machine.classes and (not name.startswith("__") or name in DUNDERS):
            setattr(value, name, new)
            return
        raise Undetermined(f"{value.__name__}.{name} is changed")
    if name.startswith("__") and name.endswith("__") and name not in ("__doc__", "__name__", "__cause__"):
        raise Undetermined(f"{name} is changed")
    own = machine.owns(kind) or kind in (Function, types.SimpleNamespace)
    if own or isinstance(value, BaseException) or kind.__name__ == "Namespace" or kind in machine.settable:
        setattr(value, name, new)
        return
    if hasattr(kind, "__dict__") and kind in OPEN and "__dict__" not in dir(value):
        setattr(value, name, new)  # raises Python's own message
    raise Undetermined(f"an attribute of {kind.__name__} is changed")


def delete(machine: Machine, value: Any, name: str) -> None:
    """``del value.name``."""
    if type(value) not in machine.classes or name.startswith("__"):
        raise Undetermined("an attribute is deleted")
    delattr(value, name)
