"""Programs about the user, the machine and the environment, as far as the set-up says it."""

from __future__ import annotations

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool

_BUILTINS = frozenset(
    """. : [ alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown echo
    enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf
    pushd pwd read readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit
    umask unalias unset wait""".split()
)
_KEYWORDS = frozenset(
    "if then else elif fi case esac for select while until do done in function time { } ! [[ ]] coproc".split()
)


def whoami(call: Call) -> Out:
    if call.args or not call.user:
        raise Undetermined("the user")
    return Out(f"{call.user}\n")


def hostname(call: Call) -> Out:
    if call.args or not call.host:
        raise Undetermined("the host")
    return Out(f"{call.host}\n")


def pwd(call: Call) -> Out:
    """The shell's own ``pwd``."""
    for arg in call.args:
        if arg not in ("-L", "-P", "--"):
            if arg.startswith("-") and len(arg) == 2:
                return Out(stderr=f"{call.prefix}pwd: {arg}: invalid option\npwd: usage: pwd [-LP]\n", code=2)
            raise Undetermined("arguments of pwd")
    return Out((call.tree.resolve(call.cwd) if "-P" in call.args else call.cwd) + "\n")


def uname(call: Call) -> Out:
    if call.args in ((), ("-s",)):
        return Out("Linux\n")
    raise Undetermined("the kernel's version")


def id_(call: Call) -> Out:
    if call.args in (("-un",), ("-u", "-n"), ("-nu",)) and call.user:
        return Out(f"{call.user}\n")
    if call.args == ("-u",) and call.user == "root":
        return Out("0\n")
    raise Undetermined("numbers of users and groups")


def env(call: Call) -> Out:
    """The environment, in no determined order; with arguments it starts a program."""
    if call.args:
        raise Undetermined("a program started by env")
    if "SHLVL" not in call.env:
        raise Undetermined("the whole environment was never shown")
    return Out(
        "".join(f"{name}={value}\n" for name, value in sorted(call.env.items())) + "_=/usr/bin/env\n", unordered=True
    )


def sleep(call: Call) -> Out:
    """Shows nothing; how long it takes is not part of an observation (up to five seconds)."""
    if len(call.args) == 1 and call.args[0].replace(".", "", 1).isdigit() and float(call.args[0]) <= 5:
        return Out()
    raise Undetermined("how the recorder deals with waiting")


def printenv(call: Call) -> Out:
    if not call.args or any(arg.startswith("-") for arg in call.args):
        raise Undetermined("the whole environment")
    found = [call.env[name] for name in call.args if name in call.env]
    if "_" in call.args:
        raise Undetermined("the last argument of the command before")
    return Out("".join(f"{value}\n" for value in found), code=0 if len(found) == len(call.args) else 1)


def type_(call: Call) -> Out:
    """``type`` of the shell's own words; where a program lies is not known."""
    only_kind = call.args[:1] == ("-t",)
    names = call.args[1:] if only_kind else call.args
    lines = []
    for name in names:
        kind = "builtin" if name in _BUILTINS else "keyword" if name in _KEYWORDS else None
        if kind is None:
            raise Undetermined(f"what {name} is")
        lines.append(f"{kind}\n" if only_kind else f"{name} is a shell {kind}\n")
    return Out("".join(lines))


TOOLS: dict[str, Tool] = {
    "whoami": whoami,
    "hostname": hostname,
    "pwd": pwd,
    "id": id_,
    "env": env,
    "uname": uname,
    "sleep": sleep,
    "printenv": printenv,
    "type": type_,
}
