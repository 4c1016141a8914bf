"""The ADB server byte by byte, its shell, and what a broken client does to it: nothing."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextstate import domain as domains
from nextstate.errors import UsageError
from nextstate.models.fakes import CopyLast
from nextstate.models.grounded import Grounded
from nextstate.serve import adb
from nextstate.serve.adb import host, programs, shell
from nextstate.serve.adb.phone import MAX_FILES, Phone
from nextstate.serve.testing import service_of
from nextstate.sim.scenario import Scenario
from nextstate.sim.sessions import NoSuchSession, Sessions
from nextstate.types import Setup

NOTES = domains.find("android").examples()[0].setup


@asynccontextmanager
async def sessions(*ids: str) -> AsyncIterator[Sessions]:
    service = service_of({"grounded": Grounded(CopyLast())})
    for id in ids:
        await service.sessions.create("local", Scenario("android", NOTES), id=id)
    yield service.sessions
    await service.sessions.aclose()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with sessions("one") as found, adb.listening(found, "local", ["one"], port=0) as port:
        yield port


@pytest.fixture
async def phone() -> AsyncIterator[Phone]:
    async with sessions("one") as found:
        yield await Phone.of(found, "local", "one")


def asked(*texts: str) -> bytes:
    return b"".join(b"%04x%s" % (len(text.encode()), text.encode()) for text in texts)


async def said(port: int, data: bytes) -> bytes:
    """All that the server answers to ``data``; the client then closes its side."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    writer.write_eof()
    async with asyncio.timeout(5):
        answer = await reader.read()
    await closed(writer)
    return answer


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("service", "answer"),
    [
        ("host:version", b"OKAY00040029"),
        ("host:devices", b"OKAY000fsim-one\tdevice\n"),
        ("host:get-state", b"OKAY0006device"),
        ("host-serial:sim-one:get-serialno", b"OKAY0007sim-one"),
        ("host-transport-id:1:features", b"OKAY0008shell_v2"),
        ("host:list-forward", b"OKAY0000"),
        ("host:wait-for-any-device", b"OKAYOKAY"),
        ("host:track-devices", b"OKAY000fsim-one\tdevice\n"),
        ("host-serial:other:get-state", b"FAIL0018device 'other' not found"),
        ("host:transport:other", b"FAIL0018device 'other' not found"),
        ("host:transport-id:7", b"FAIL001fno device with transport id '7'"),
    ],
)
async def test_the_server_answers_as_adbs_own(service: str, answer: bytes, port: int) -> None:
    assert await said(port, asked(service)) == answer


@pytest.mark.parametrize("service", ["host:kill", "host:connect:1.2.3.4:5", "host:", "nobody:version", "", "shell:ls"])
async def test_what_the_server_does_not_do_is_refused_with_a_reason(service: str, port: int) -> None:
    found = await said(port, asked(service))
    assert found.startswith(b"FAIL")
    assert len(found) == 8 + int(found[4:8], 16)


@pytest.mark.parametrize("transport", ["host:transport-any", "host:transport:sim-one", "host:transport-id:1"])
async def test_a_command_runs_on_the_chosen_device(transport: str, port: int) -> None:
    assert await said(port, asked(transport, "shell:wm size")) == b"OKAYOKAYPhysical size: 1080x2400\n"
    assert await said(port, asked(transport, "exec:nosuch")) == (
        b"OKAYOKAY/system/bin/sh: nosuch: inaccessible or not found\n"
    )


async def test_in_the_first_protocol_errors_stand_where_they_came(port: int) -> None:
    found = await said(port, asked("host:transport-any", "shell:cat /none; echo X4EXIT:$?"))
    assert found == b"OKAYOKAYcat: /none: No such file or directory\nX4EXIT:1\n"


async def test_a_transport_may_ask_for_its_number(port: int) -> None:
    found = await said(port, asked("host:tport:any", "shell:echo hi"))
    assert found == b"OKAY" + struct.pack("<Q", 1) + b"OKAYhi\n"


async def test_the_second_protocol_tells_errors_and_status_apart(port: int) -> None:
    found = await said(port, asked("host:transport-any", "shell,v2,TERM=xterm,raw:echo out; cat /none"))
    error = b"cat: /none: No such file or directory\n"
    packets = [(1, b"out\n"), (2, error), (3, b"\x01")]
    assert found == b"OKAYOKAY" + b"".join(struct.pack("<BI", kind, len(data)) + data for kind, data in packets)


async def test_of_several_devices_one_must_be_chosen() -> None:
    async with sessions("a", "b") as found, adb.listening(found, "local", ["a", "b"], port=0) as port:
        assert await said(port, asked("host:devices")) == b"OKAY001asim-a\tdevice\nsim-b\tdevice\n"
        assert b"more than one device" in await said(port, asked("host:transport-any"))
        assert (await said(port, asked("host:transport:sim-b", "shell:getprop ro.serialno"))).endswith(b"sim-b\n")


async def test_sessions_that_are_no_devices_are_not_served() -> None:
    async with sessions("a") as found:
        await found.create("local", Scenario("terminal", Setup()), id="plain")
        with pytest.raises(UsageError, match="is no device"):
            async with adb.listening(found, "local", ["plain"], port=0):
                pass
        with pytest.raises(NoSuchSession):
            async with adb.listening(found, "another", ["a"], port=0):
                pass
        async with adb.listening(found, "local", ["a"], port=0) as port:
            with pytest.raises(UsageError, match="cannot listen"):
                async with adb.listening(found, "local", ["a"], port=port):
                    pass


def request(kind: bytes, data: bytes | int) -> bytes:
    return (
        kind
        + struct.pack("<I", data if isinstance(data, int) else len(data))
        + (b"" if isinstance(data, int) else data)
    )


async def test_files_are_read_and_never_written(port: int) -> None:
    path = b"/sdcard/window_dump.xml"
    await said(port, asked("host:transport-any", "shell:uiautomator dump"))
    begin = asked("host:transport-any", "sync:")
    stat = await said(port, begin + request(b"STAT", path) + request(b"STAT", b"/none") + request(b"QUIT", 0))
    mode, size, _ = struct.unpack("<III", stat[12:24])
    assert (mode, stat[24:]) == (0o100644, b"STAT" + bytes(12))
    content = await said(port, begin + request(b"RECV", path) + request(b"QUIT", 0))
    assert content[8:16] == b"DATA" + struct.pack("<I", size)
    assert content[16 : 16 + size].startswith(b"<?xml")
    assert content[16 + size :] == b"DONE" + bytes(4)
    listed = await said(port, begin + request(b"LIST", b"/sdcard") + request(b"QUIT", 0))
    assert b"window_dump.xml" in listed
    pushed = request(b"SEND", b"/sdcard/x,33188") + request(b"DATA", b"abc") + request(b"DONE", 5)
    assert b"FAIL" in await said(port, begin + pushed)
    assert b"read-only" in await said(port, begin + pushed)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"00",
        b"zzzz",
        b"-001x",
        b"ffff",
        b"000chost:ver",
        b"GET / HTTP/1.1\r\n\r\n",
        asked("host:transport-any") + b"ffff" + b"x" * 100,
        asked("host:transport-any", "sync:") + b"RECV\xff\xff\xff\xff",
        asked("host:transport-any", "sync:") + b"SEND\x01\x00\x00\x00xDATA\xff\xff\xff\xff",
        asked("host:transport-any", "sync:") + b"NONE\x00\x00\x00\x00",
        asked("host:transport-any", "sync:") + b"STAT\x05\x00\x00\x00ab",
        asked("host:transport-any", "shell,v2:"),
        asked("host:transport-any", "reboot:"),
    ],
)
async def test_half_and_broken_requests_end_their_own_connection_only(data: bytes, port: int) -> None:
    await said(port, data)
    assert await said(port, asked("host:version")) == b"OKAY00040029"


async def test_random_bytes_do_no_harm(port: int) -> None:
    drawn: list[bytes] = []

    @given(st.binary(max_size=80))
    @settings(max_examples=40, deadline=None)
    def draw(data: bytes) -> None:
        drawn.append(data)

    draw()
    for data in drawn:
        await said(port, data)
        await said(port, asked("host:transport-any", "sync:") + data)
    assert await said(port, asked("host:version")) == b"OKAY00040029"


async def test_a_client_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setattr(host, "PATIENCE", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    await closed(writer)


async def test_connections_beyond_the_limit_are_closed(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setattr(host, "MAX_CONNECTIONS", 2)
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    for _, writer in held:
        writer.write(asked("host:track-devices"))
    for reader, _ in held:
        await reader.readexactly(4)
    assert await said(port, asked("host:version")) == b""
    for _, writer in held:
        await closed(writer)


async def output(phone: Phone, line: str) -> tuple[str, str, int]:
    done = await shell.run(phone, line)
    return done.out.decode(), done.error.decode(), done.status


@pytest.mark.parametrize(
    ("line", "out", "status"),
    [
        ("echo a; echo 'b;c' \"d  e\" f\\ g", "a\nb;c d  e f g\n", 0),
        ("false || echo or && echo and", "or\nand\n", 0),
        ("true || echo no; false && echo no; echo $?", "1\n", 0),
        (
            "echo hi > /sdcard/f; echo ho >> /sdcard/f; cat /sdcard/f; rm /sdcard/f; cat /sdcard/f 2>/dev/null",
            "hi\nho\n",
            1,
        ),
        ("nosuch 2>&1", "/system/bin/sh: nosuch: inaccessible or not found\n", 127),
        ("nosuch > /dev/null 2>&1; echo X4EXIT:$?", "X4EXIT:127\n", 0),
        ("getprop ro.product.model | cat", "Simulated\n", 0),
        ("dumpsys window | grep mCurrentFocus | grep -v null", "", 0),
        ("echo one | grep -i ONE && echo found", "one\nfound\n", 0),
        ("echo ''", "\n", 0),
        ('echo ";" \'>\' "2>&1" x2', "; > 2>&1 x2\n", 0),
        ("", "", 0),
        (" ; ", "", 0),
        ("echo a\necho b", "a\nb\n", 0),
        ("/system/bin/true", "", 0),
        ("sleep 5; echo -n x", "x", 0),
        ("settings get system screen_brightness", "null\n", 0),
        ("getprop no.such unknown", "unknown\n", 0),
    ],
)
async def test_the_shell_runs_lines(line: str, out: str, status: int, phone: Phone) -> None:
    found = await output(phone, line)
    if out or status:
        assert (found[0], found[2]) == (out, status)
    else:
        assert found[2] == status


@pytest.mark.parametrize(
    "line",
    ["echo $(id)", "echo `id`", "echo $HOME", 'echo "$HOME"', "cat < f", "echo 'half", 'echo "half', "a && ", "| a",
     "a & b", "(a)", "a >", "a > ; b", "> f", "a || || b", "; && a", ";" * 300 + "a"],
)  # fmt: skip
async def test_what_the_shell_does_not_know_is_refused_before_anything_is_done(line: str, phone: Phone) -> None:
    _, error, status = await output(phone, f"uiautomator dump\n{line}")
    assert status == 2
    assert "sh: " in error
    assert not phone.files


@given(st.text(max_size=40))
def test_any_line_is_parsed_or_refused(line: str) -> None:
    try:
        commands = list(shell.parse(line))
    except UsageError:
        return
    assert all(command.words for command in commands)


async def test_what_is_done_to_the_screen_is_a_step_of_the_session(phone: Phone) -> None:
    assert await output(phone, "monkey -p org.example.notes -c LAUNCHER 1") == ("Events injected: 1\n", "", 0)
    assert await output(phone, "input tap 160 1970") == ("", "", 0)
    actions = [turn.action for turn in (await phone.sessions.trajectory("local", "one")).turns]
    assert actions == ['{"action_type": "open_app", "app_name": "Notes"}', '{"action_type": "click", "index": 1}']
    assert "[nextstate.turns]: [2]" in (await output(phone, "getprop"))[0]


async def test_what_the_world_cannot_do_is_an_error_and_no_step(phone: Phone) -> None:
    assert (await output(phone, "input keyevent 82"))[1:] == (
        "nextstate: this world has no action for: input keyevent 82\n",
        1,
    )
    assert (await output(phone, "input tap 1"))[2] == 255
    assert (await output(phone, "am force-stop a.b"))[2] == 1
    await phone.sessions.close("local", "one")
    assert "has ended: closed" in (await output(phone, "input keyevent HOME"))[1]
    assert (await phone.sessions.view("local", "one")).turns == 0


async def test_a_device_keeps_few_files_and_no_large_ones(phone: Phone) -> None:
    for number in range(MAX_FILES + 5):
        phone.keep(f"/sdcard/{number}", b"x")
    assert len(phone.files) == MAX_FILES
    with pytest.raises(UsageError, match="no space"):
        phone.keep("/sdcard/large", bytes(9_000_000))


@pytest.mark.parametrize("pattern", ["a.*b(", "(a+)+$", "[a]"])
async def test_patterns_of_clients_are_never_run(pattern: str, phone: Phone) -> None:
    assert (await output(phone, f"echo aaaa | grep '{pattern}'"))[2] == 2


async def test_a_file_shown_many_times_over_takes_no_more_room_than_a_large_one(phone: Phone) -> None:
    phone.keep("/a", bytes(5_000_000))
    shown = await programs.run(phone, ("cat", *["/a"] * 10_000), b"")
    assert len(shown.out) == 10_000_000


async def test_whoever_is_connected_is_let_go_when_the_serving_breaks_off() -> None:
    async with sessions("one") as found:
        with pytest.raises(ZeroDivisionError):
            async with adb.listening(found, "local", ["one"], port=0) as port:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(asked("host:track-devices"))
                await reader.readexactly(4)
                raise ZeroDivisionError
        async with asyncio.timeout(5):
            await reader.read()
        await closed(writer)
