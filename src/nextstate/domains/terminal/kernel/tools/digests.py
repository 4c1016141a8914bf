"""Checksums and base64: md5sum, sha1sum, sha224sum, sha256sum, sha384sum, sha512sum, base64."""

from __future__ import annotations

import base64 as codec
import binascii
import hashlib
import re

from nextstate.domains.terminal.kernel.files import FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool, decode
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool

SUM = grammar(
    "bctwz",
    {"check": "c", "binary": "b", "text": "t", "quiet": "q", "status": "s"},
    other_long="tag zero warn strict ignore-missing",
)
BASE64 = grammar("dw:", {"decode": "d", "wrap=": "w"}, other="i", other_long="ignore-garbage")
_LINE = re.compile(r"([0-9a-f]+) [ *](.+)")


def content(call: Call, operand: str) -> bytes:
    """The bytes of an operand; ``-`` is standard input."""
    return call.input().encode() if operand == "-" else call.tree.read(call.path(operand))


@tool(SUM)
def digest(call: Call, options: Options) -> Out:
    name = call.name.removesuffix("sum")
    operands = options.operands or ("-",)
    if options.has("c"):
        return verified(call, name, operands, options)
    if options.has("b", "z", "q", "s", "w"):
        raise Undetermined(f"options of {call.name}")
    out = errors = ""
    for operand in operands:
        if re.search(r"[\\\n\r]", operand):
            raise Undetermined("a name that needs escaping")
        try:
            out += f"{hashlib.new(name, content(call, operand)).hexdigest()}  {operand}\n"
        except FsError as error:
            errors += f"{call.name}: {operand}: {error.errno.value}\n"
    return Out(out, errors, 1 if errors else 0)


def verified(call: Call, name: str, operands: tuple[str, ...], options: Options) -> Out:
    """``-c``: each listed file, and a warning on what does not match."""
    out, failed = "", 0
    for operand in operands:
        for line in decode(content(call, operand), operand).splitlines():
            match = _LINE.fullmatch(line)
            if match is None or len(match[1]) != hashlib.new(name).digest_size * 2:
                raise Undetermined("a line that is no checksum")
            try:
                good = hashlib.new(name, content(call, match[2])).hexdigest() == match[1]
            except FsError:
                raise Undetermined("a listed file that cannot be read") from None
            failed += not good
            if not good or not options.has("q", "s"):
                out += f"{match[2]}: {'OK' if good else 'FAILED'}\n"
    if options.has("s"):
        out = ""
    are = "computed checksum did NOT match" if failed == 1 else "computed checksums did NOT match"
    warning = f"{call.name}: WARNING: {failed} {are}\n" if failed and not options.has("s") else ""
    return Out(out, warning, 1 if failed else 0)


@tool(BASE64)
def base64(call: Call, options: Options) -> Out:
    if len(options.operands) > 1:
        raise Undetermined("too many operands of base64")
    operand = (options.operands or ("-",))[0]
    try:
        data = content(call, operand)
    except FsError as error:
        return Out(stderr=f"base64: {operand}: {error.errno.value}\n", code=1)
    if options.has("d"):
        try:
            return Out(decode(codec.b64decode(data.replace(b"\n", b""), validate=True), "what is decoded"))
        except binascii.Error:
            raise Undetermined("how much of broken base64 is decoded") from None
    width = options.last("w") or "76"
    if not width.isdigit():
        raise Undetermined("a wrong width")
    text, wide = codec.b64encode(data).decode(), int(width)
    if not wide:
        return Out(text)
    return Out("".join(text[at : at + wide] + "\n" for at in range(0, len(text), wide)))


TOOLS: dict[str, Tool] = {
    **{f"{name}sum": digest for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")},
    "base64": base64,
}
