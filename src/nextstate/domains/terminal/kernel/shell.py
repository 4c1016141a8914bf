"""Runs one action in bashkit on known files, and says whether the outcome is determined.

bashkit interprets the shell language; every program is one of our tools (`tools/`), equal to the real one; every look
at a file goes through the `Bridge`. Whatever is neither computed nor known makes the whole run undetermined.
"""

from __future__ import annotations

import contextlib
import posixpath
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from bashkit import Bash, BashError, BuiltinResult, ExecResult, ExecutionProfile

from nextstate.domains.terminal.kernel import blanks, lexis
from nextstate.domains.terminal.kernel.bridge import Bridge
from nextstate.domains.terminal.kernel.effort import TOO_MUCH, Effort, Overworked
from nextstate.domains.terminal.kernel.files import PROGRAM_DIRS, File, FsError, Tree, Undetermined
from nextstate.domains.terminal.kernel.interactive import AT_TERMINAL, IN_ORDER
from nextstate.domains.terminal.kernel.lexis import SUGGESTION
from nextstate.domains.terminal.kernel.opening import Marks
from nextstate.domains.terminal.kernel.programs import PROGRAMS, bashkit_commands
from nextstate.domains.terminal.kernel.running import Lack, Place, Run
from nextstate.domains.terminal.kernel.tools import TOOLS
from nextstate.domains.terminal.kernel.tools.alone import ALONE
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.watching import Watch

NATIVE = frozenset(
    """: . break builtin cd command continue declare dirs echo eval exec exit export false getopts let local mapfile
    popd printf pushd read readarray readonly return set shift shopt source true typeset unset bash sh
    trap""".split()
)
"""What bashkit itself answers: the shell's own commands."""

MAX_STRANGERS = 50
"""Programs of one action of which nothing is known."""
MAX_OUTPUT = 1_000_000
"""Characters of one observation; a longer one is left undetermined."""
LIMITS = {"max_commands": 20_000, "max_loop_iterations": 20_000, "timeout_seconds": 5.0}
ORDERS: tuple[Callable[[list[str]], list[str]], ...] = (
    lambda lines: lines,
    lambda lines: lines[1:] + lines[:1],
    lambda lines: lines[::-1],
)
"""Ways to order lines whose order is not determined: an outcome that is the same under all of them is determined."""
END = "__nextstate_end"
HIDDEN = "__nextstate_"
STREAMED = ("cat", "grep", "tr", "head", "seq", "yes")
"""Names whose pipelines bashkit runs by itself, past the callbacks: aliases lead to them by other names."""
OPTIONAL = frozenset(
    "bc dc jq tree xxd hexdump sqlite3 python3 python column file git gawk xz zip unzip bzip2 strings less".split()
)
"""Programs that we compute but that a machine need not have."""
HOLE = "\ue000\ue001\ue000"
"""Stands in the output of a lenient run for what an undetermined program printed."""


_GUESSED = re.compile(
    r"syntax error|error token|bashkit|limit exceeded|exceeds limit|depth exceeded|not supported|unsupported|"
    r"not implemented",
    re.I,
)


_NUMBERED = re.compile(r"^bash: line \d+: ", re.M)
"""What messages of a shell that is not interactive begin with; an interactive one leaves out the line."""


class Unanswered(Undetermined):
    """A program that the kernel lacks was called in a place where a world model may answer for it."""


class Shell:
    """One bashkit instance, used for one run at a time; all state goes in and out by value."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.watch = Watch(self._note)
        self.bridge = Bridge(self._note, self.watch)
        self.marks = Marks(self.watch, lambda name: self._callback(TOOLS[name]))
        self.bridge.edit = self._clean
        self.tree: Tree
        self.run_: Run
        self.effort: Effort
        self.pairs: list[Out] = []
        self.answers: tuple[str, ...] = ()
        self.used = 0
        self.lenient = False
        self.known: Callable[[Call], Out | None] = _nobody
        self.present: Callable[[str], bool | None] = _no_word
        self.at: bytes | None = None
        self.facts = dict(place.tools)
        self.zero, self.one_stream, self.known_lines = "bash", True, True
        self.columns, self.in_lines = 0, False
        """The width of the terminal of an interactive shell (0: there is none); whether `ls` prints elsewhere."""
        names = (bashkit_commands() | PROGRAMS) - NATIVE - set(TOOLS)
        builtins: dict[str, Any] = {name: self._callback(self._lacking) for name in names}
        builtins |= {name: self._callback(tool) for name, tool in TOOLS.items()}
        builtins |= {f"{HIDDEN}{name}": self._callback(TOOLS[name]) for name in STREAMED if name in TOOLS}
        builtins |= {END: self._end, **self.marks.builtins()}
        self.built_in = frozenset(builtins)
        self.bash = Bash(
            username=place.user,
            hostname=place.host,
            cwd=place.cwd,
            env=dict(place.env),
            custom_builtins=builtins,
            profile=ExecutionProfile.Interactive,  # the others count calls over a snapshot's whole past
            **LIMITS,  # type: ignore[arg-type]
        )
        self.bash.mount("/", self.bridge.filesystem())
        self.bash.restore_snapshot(_with_aliases(place))
        self.left = False
        """Whether the last run may have left positional parameters, which no snapshot takes away."""
        self.start = self.bash.snapshot(exclude_filesystem=True)
        self.begun: dict[tuple[tuple[str, str], ...], bytes] = {}
        """The latest new shell with variables of its own."""

    def run(
        self,
        script: str,
        tree: Tree,
        snapshot: bytes,
        *,
        prelude: str = "",
        answers: tuple[str, ...] = (),
        lenient: bool = False,
        known: Callable[[Call], Out | None] | None = None,
        present: Callable[[str], bool | None] | None = None,
        zero: str = "bash",
        one_stream: bool = True,
        known_lines: bool = True,
        order: int = 0,
        functions: frozenset[str] = frozenset(),
        flags: str = "",
    ) -> Run:
        """Runs ``script`` from ``snapshot`` on ``tree`` (which it changes).

        ``lenient`` runs on when something is undetermined, to see what else the action does. ``one_stream`` says that
        output and errors share a pipe, so that their order is the true one. ``order`` picks one of `ORDERS` for lines
        whose order is not determined. A program of which nothing is known is found out by a first run; in a second one
        it is called like any other that the kernel lacks.
        """
        self.answers, self.lenient, self.order = answers, lenient, order
        self.known, self.present = known or _nobody, present or _no_word
        self.zero, self.one_stream, self.known_lines = zero, one_stream, known_lines
        before = dict(tree.delta)

        def again(text: str, strangers: frozenset[str] = frozenset()) -> Run:
            tree.rewind(before)
            return self._once(prelude, text, tree, snapshot, strangers, script)

        run = again(script)
        strangers = self._strangers(script)
        while strangers - run.strangers and len(run.strangers) < MAX_STRANGERS:
            run = again(script, strangers | run.strangers)
            strangers = self._strangers(script)
        if run.reason and not lenient:
            return run
        names = functions | lexis.functions(script) | self.own_aliases()
        return self.marks.checked(run, script, names, flags, lambda text: again(text, run.strangers))

    def _strangers(self, script: str) -> frozenset[str]:
        """Programs that were called and of which neither what they do nor that they are missing is known."""
        sought = self.bridge.sought - self.built_in
        names = {name for name in sought if self.present(name) or not lexis.no_program(name)}
        missing = {name for name in names if self.present(name) is False}
        unseen = {posixpath.basename(path) for path in self.bridge.unseen}
        words = {word for word in lexis.by_path(script) if posixpath.basename(word) in unseen} | self.bridge.unseen
        by_path = {word for word in words if not _of_shell(*posixpath.split(word))}
        return frozenset((names - missing) | by_path)

    def own_aliases(self) -> frozenset[str]:
        """The aliases that the shell's user made."""
        return frozenset(k for k, v in self.bash.shell_state().aliases.items() if not v.startswith(HIDDEN))

    def _once(
        self, prelude: str, text: str, tree: Tree, snapshot: bytes, strangers: frozenset[str], script: str
    ) -> Run:
        """One run of ``text`` (``script``, perhaps with marks), in which ``strangers`` are programs that we lack."""
        self.tree = self.bridge.tree = tree
        self.watch.begin_run(tree)
        self.run_ = run = Run(strangers=strangers)
        self.pairs, self.used = [], 0
        for table in (self.bridge.pending, self.bridge.sought, self.bridge.unseen):
            table.clear()
        self.bridge.script = script
        if self.at != snapshot:
            self.bash.restore_snapshot(snapshot)
        self.at = None
        for name in strangers:
            self.bash.add_builtin(name, self._callback(self._lacking))  # type: ignore[attr-defined]  # not in its stub
        reset, self.left = ("set --; " if self.left else ""), True
        chunks: list[str] = []
        before = self._variables()
        self.bridge.search = (before.get("PATH") or before.get("export PATH") or "").split(":")
        self.effort = Effort(self.bash.cancel)
        result, trouble = self._executed(f'{reset}{prelude}{text}\n{END} "$?" "$-" "$@"', chunks)
        self.bash.clear_cancel()
        if self.effort.over:
            run.reason = TOO_MUCH
        for name in strangers:  # a snapshot with them could not be restored elsewhere
            self.bash.remove_builtin(name)  # type: ignore[attr-defined]  # not in its stub
        if trouble or result is None:
            self._note(f"bashkit: {trouble}")
        if result is None:
            return run
        self.bridge.settle()
        self.watch.finish()
        if run.ended:
            run.code = result.exit_code
        run.output = SUGGESTION.sub(r"\1", "".join(chunks))
        if blanks.inside(run.output):  # a blank must never be shown
            self._note("a value that a tool had to leave open")
        if len(run.output) > MAX_OUTPUT:
            self._note("the output is too long")
        state = self.bash.shell_state()
        now, run.cwd = self._variables(), state.cwd
        run.changed_variables = tuple(
            (name, now.get(name)) for name in before.keys() | now.keys() if before.get(name) != now.get(name)
        )
        same = not run.changed_variables and not _reshapes(script)
        run.snapshot = snapshot if same else self.bash.snapshot(exclude_filesystem=True)
        self.at = run.snapshot
        return run

    def _executed(self, script: str, chunks: list[str]) -> tuple[ExecResult | None, str | None]:
        """Runs a script, and adds what it prints to ``chunks``; its result, and what bashkit failed with."""
        found: list[tuple[ExecResult | None, str | None]] = []

        def execute() -> None:
            try:
                result = self.bash.execute_sync(script, on_output=lambda out, err: chunks.append(self._join(out, err)))
                found.append((result, result.error))
            except BashError as error:
                found.append((None, str(error)))

        self.effort.run(execute)
        return found[0]

    def renewed(self, exports: tuple[tuple[str, str], ...]) -> bytes:
        """A new shell that was given these variables."""
        if not exports:
            return self.start
        if exports not in self.begun:
            self.at = None
            self.bash.restore_snapshot(self.start)
            self.bash.execute_sync("; ".join(f"export {name}={shlex.quote(value)}" for name, value in exports))
            self.begun = {exports: self.bash.snapshot(exclude_filesystem=True)}
        return self.begun[exports]

    # -- callbacks ------------------------------------------------------------------------------------------

    def _callback(self, tool: Callable[[Call], Out]) -> Callable[[Any], BuiltinResult]:
        def answer(context: Any) -> BuiltinResult:
            self.bridge.settle()
            if self.effort.over or (self.run_.reason and not self.lenient):
                return BuiltinResult(exit_code=1)
            stdin = None if context.stdin is None else self._clean_text(context.stdin)
            self._substituted(context)
            call = Call(
                name=context.name.removeprefix(HIDDEN),
                args=tuple(context.argv),
                stdin=stdin,
                cwd=context.cwd,
                env=context.env,
                tree=self.tree,
                user=self.place.user,
                host=self.place.host,
                facts=self.facts,
                variant=self.order,
                prefix=f"{self.zero}: line 1: ",
                run=lambda args, text: self._nested(call, args, text),
                columns=self.columns,
            )
            self.run_.called.add(call.name)
            self.run_.calls += 1
            before = self.watch.called(call.name, bool(stdin))
            out = self._attempt(self._at_terminal(call.name, tool), call)
            self.watch.ended(call.name, before, bool(stdin))
            if out.stdout and out.stderr:
                self.pairs.append(out)
                if self.columns and call.name not in IN_ORDER:
                    self._note("the order of output and errors at a terminal")
            if self.columns and "bash: line " in out.stdout:
                self._note("what messages begin with")
            return BuiltinResult(stdout=out.stdout, stderr=out.stderr, exit_code=out.code)

        return answer

    def _substituted(self, context: Any) -> None:
        """Puts what process substitutions hold where tools can read it."""
        for arg in context.argv:
            if arg.startswith("/dev/fd/"):
                with contextlib.suppress(OSError, RuntimeError):
                    self.tree.delta[arg] = File(self._clean(context.fs.read_file(arg)))

    def _attempt(self, tool: Callable[[Call], Out], call: Call) -> Out:
        if call.stdin is not None and "\ufffd" in call.stdin:
            self._note("binary data in a pipe")
        if call.stdin is not None and HOLE in call.stdin:
            self.run_.lacks = [Lack(lack.call, piped=True) for lack in self.run_.lacks]
        there = self.present(call.name)
        if there is False:
            return Out(stderr=f"{call.prefix}{call.name}: command not found\n", code=127)
        try:
            if call.name in OPTIONAL and not there:
                raise Unanswered(f"whether {call.name} is installed is not known")
            with self.effort.tool():
                out = tool(call)
            self.run_.unordered |= out.varied
            if out.unordered and out.stdout.count("\n") > 1:
                self.run_.unordered = True
                lines = out.stdout.splitlines(keepends=True)
                return replace(out, stdout="".join(ORDERS[self.order](lines)))
            return out
        except Overworked:
            return self._lack(call, TOO_MUCH)
        except FsError as error:
            return self._lack(call, f"{call.name}: {error}")
        except Undetermined as unknown:
            seen = None if self.columns and call.name in AT_TERMINAL else self.known(call)
            if seen is not None:
                self.run_.recalled = True
                return seen
            if isinstance(unknown, Unanswered):
                return self._ask(call, str(unknown))
            return self._lack(call, str(unknown))
        except Exception as defect:  # the boundary to our own tools: a defect must never become an answer
            return self._lack(call, f"{call.name}: {type(defect).__name__}: {defect}")

    def _at_terminal(self, name: str, tool: Callable[[Call], Out]) -> Callable[[Call], Out]:
        if not self.columns or (name == "ls" and self.in_lines):
            return tool
        return AT_TERMINAL.get(name, tool)

    def _lack(self, call: Call, reason: str) -> Out:
        self._note(reason)
        if not self.run_.lacks:
            self.run_.trusted = dict(self.tree.delta)
        self.run_.lacks.append(Lack(call))
        return Out(HOLE) if self.lenient else Out(code=1)

    def _nested(self, call: Call, args: list[str], stdin: str | None) -> Out:
        """A program started by a program (``xargs``, ``find -exec``, ``env``)."""
        tool = self._at_terminal(args[0], ALONE.get(args[0]) or TOOLS.get(args[0], self._lacking))
        inner = replace(call, name=args[0], args=tuple(args[1:]), stdin=stdin)
        try:
            return tool(inner)
        except Unanswered as unknown:
            raise Undetermined(str(unknown)) from None

    def _lacking(self, call: Call) -> Out:
        if call.name in self.run_.strangers and "/" not in call.name and not self.present(call.name):
            raise Unanswered(f"whether {call.name} is installed is not known")
        raise Unanswered(f"{call.name} is a program that the kernel lacks")

    def _ask(self, call: Call, reason: str) -> Out:
        if self.used < len(self.answers) and lexis.is_text(self.answers[self.used]):
            self.used += 1
            return Out(self.answers[self.used - 1])
        if self.run_.reason is None and call.stdin is None:
            self.run_.asked = (call.name, *call.args)
        return self._lack(call, reason)

    def _end(self, context: Any) -> BuiltinResult:
        code, flags, *positional = context.argv
        self.run_.ended = False
        self.run_.code = int(code)
        self.run_.flags, self.run_.positional = flags, tuple(positional)
        self.left = bool(positional)
        return BuiltinResult(exit_code=int(code))

    # -- texts ----------------------------------------------------------------------------------------------

    def _note(self, reason: str) -> None:
        if self.run_.reason is None:
            self.run_.reason = reason

    def _join(self, out: str, err: str) -> str:
        """One chunk in its true order."""
        if out and err:
            if not self.one_stream:
                self._note("the order of output and errors")
            for pair in self.pairs:
                if pair.stdout == out and pair.stderr == err:
                    return pair.both
        if _GUESSED.search(err) or "(error token is" in out:
            self._note("bashkit words this error in its own way")
        if f"{self.zero}: line " in err or "bash: line " in err:
            self.run_.shell_errors = True
        if not self.known_lines and "bash: line " in err:
            self._note("the line numbers of messages")
        if self.columns:
            err, out = _NUMBERED.sub("bash: ", err), _NUMBERED.sub("bash: ", out)
        if re.search(r": line (?!1:)\d+: ", err) or re.search(r"\.\w+: line \d+: ", out):
            self._note("the line numbers of messages from scripts")
        if self.zero != "bash":
            err = re.sub(r"^bash: (?=line \d+: )", lambda _: f"{self.zero}: ", err, flags=re.M)
        return self._clean_text(err + out)  # bash writes what a builtin printed when the builtin ends

    def _clean_text(self, text: str) -> str:
        """A text in which bashkit joined the two streams of a program, put into the true order."""
        for pair in self.pairs:
            joined = pair.stdout + pair.stderr
            if pair.both != joined and joined in text:
                text = text.replace(joined, pair.both)
        if self.columns:
            text = _NUMBERED.sub("bash: ", text)
        return SUGGESTION.sub(r"\1", text)

    def _clean(self, content: bytes) -> bytes:
        if not self.pairs and b"Did you mean" not in content and b"bash: line " not in content:
            return content
        return self._clean_text(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def _variables(self) -> dict[str, str]:
        state = self.bash.shell_state()
        found = {**state.variables, **{f"export {k}": v for k, v in state.env.items()}, "cwd": state.cwd}
        arrays: list[Any] = [*state.arrays.items(), *state.assoc_arrays.items()]
        for name, array in arrays:
            found[name] = repr(dict(array))
        found |= {f"alias {k}": v for k, v in state.aliases.items()}
        for volatile in ("_", "PIPESTATUS", "export _", "BASH_REMATCH"):
            found.pop(volatile, None)
        return found


def _with_aliases(place: Place) -> bytes:
    """The state of a new shell in which the streamed names are aliases."""
    profile = ExecutionProfile.Interactive
    plain = Bash(username=place.user, hostname=place.host, cwd=place.cwd, env=dict(place.env), profile=profile)
    names = " ".join(f"{name}={HIDDEN}{name}" for name in STREAMED if name in TOOLS)
    made_up = set(plain.shell_state().env) - {name for name, _ in place.env} - {"PWD", "HOME"}
    plain.execute_sync("unset " + " ".join(sorted(made_up)) if made_up else ":")
    plain.execute_sync(f"shopt -s expand_aliases; alias {names}")
    return plain.snapshot(exclude_filesystem=True)


def _nobody(call: Call) -> Out | None:
    return None


def _no_word(name: str) -> bool | None:
    return None


_RESHAPING = ("()", "function", "unset", "eval", "source", ". ", "shopt", "readonly", "declare", "alias", "local")


def _of_shell(folder: str, name: str) -> bool:
    """Whether a path leads to a shell, which bashkit is itself."""
    return not name or (folder in PROGRAM_DIRS and name in NATIVE)


def _reshapes(script: str) -> bool:
    """Whether a script may change what `_variables` does not show: functions, options."""
    return any(word in script for word in _RESHAPING)


@lru_cache(maxsize=32)
def shell_for(place: Place) -> Shell:
    return Shell(place)
