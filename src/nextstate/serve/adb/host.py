"""The server that clients of ADB talk to: which devices there are, and the services of one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from typing import TYPE_CHECKING

from nextstate.serve.adb import shell, sync, wire
from nextstate.serve.adb.programs import Done

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nextstate.serve.adb.phone import Phone

log = logging.getLogger(__name__)

VERSION = 41
"""Of the protocol; a client of another version would try to put its own server in the place of this one."""
FEATURES = "shell_v2"
PATIENCE = 30.0
"""Seconds that a request may take to come."""
LINGER = 2.0
"""Seconds that a client has to close a connection whose answer is complete."""
MAX_CONNECTIONS = 128

NO_DEVICE = "no devices/emulators found"
MANY = "more than one device/emulator"


class _Refused(Exception):
    """A request that is answered with FAIL."""


class Host:
    """The devices, and whoever is connected."""

    def __init__(self, phones: Sequence[Phone]) -> None:
        self._phones = {phone.serial: phone for phone in phones}
        self._connected: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end; nothing that a client sends ends more than its own connection."""
        task = asyncio.current_task()
        if task is not None:
            self._connected.add(task)
            task.add_done_callback(self._connected.discard)
        try:
            if len(self._connected) <= MAX_CONNECTIONS:
                await self._serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass
        except wire.Malformed as error:
            log.info("adb: %s", error)
        finally:
            await _ended(reader, writer)

    async def aclose(self) -> None:
        """End all connections."""
        tasks = list(self._connected)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Requests to the server until one chooses a device, then one request to it."""
        phone: Phone | None = None
        while phone is None:
            asked = await asyncio.wait_for(wire.request(reader), PATIENCE)
            try:
                phone = await self._asked(asked, reader, writer)
            except _Refused as refusal:
                writer.write(wire.fail(str(refusal)))
            await writer.drain()
            if phone is None:
                return
        await _service(phone, await asyncio.wait_for(wire.request(reader), PATIENCE), reader, writer)

    async def _asked(self, asked: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Phone | None:
        """Answer a request to the server; the device that it chooses, if it does."""
        serial, service = _divided(asked)
        if (chosen := self._chosen(serial, service)) is not None:
            writer.write(wire.okay())
            if service.startswith("tport:"):
                writer.write(struct.pack("<Q", self._number(chosen)))
            return chosen
        if service.startswith("wait-for-"):
            self._phone(serial)
            writer.write(wire.okay() + wire.okay())
        elif service in ("track-devices", "track-devices-l"):
            writer.write(wire.okay(self._list(service.endswith("-l"))))
            await writer.drain()
            await reader.read(1)  # nothing changes while the server runs; the client stays until it has enough
        else:
            writer.write(wire.okay(self._answer(serial, service)))
        return None

    def _answer(self, serial: str, service: str) -> str:
        """The text that answers a service of the server. Raises :class:`_Refused`."""
        if service == "version":
            return f"{VERSION:04x}"
        if service in ("devices", "devices-l"):
            return self._list(service.endswith("-l"))
        if service in ("features", "host-features"):
            return FEATURES
        if service == "list-forward":
            return ""
        if service in ("get-state", "get-serialno", "get-devpath"):
            phone = self._phone(serial)
            return {"get-state": "device", "get-serialno": phone.serial}.get(service, f"simulated:{phone.serial}")
        if service == "kill":
            raise _Refused("this server is ended where it was started, not by its clients")
        raise _Refused(f"a server of simulated devices does not know: {service[:100]}")

    def _chosen(self, serial: str, service: str) -> Phone | None:
        """The device that a request binds its connection to; ``None`` for other requests. Raises :class:`_Refused`."""
        name, _, given = service.partition(":")
        if name == "transport-id":
            return self._numbered(given)
        if name == "tport":
            kind, _, named = given.partition(":")
            return self._phone(named if kind == "serial" else serial)
        if name in ("transport", "transport-any", "transport-local", "transport-usb"):
            return self._phone(given or serial)
        return None

    def _phone(self, serial: str) -> Phone:
        """The device of a serial number (or a transport's), or the only one. Raises :class:`_Refused`."""
        if serial.startswith("#"):
            return self._numbered(serial[1:])
        if serial:
            if serial not in self._phones:
                raise _Refused(f"device '{serial[:100]}' not found")
            return self._phones[serial]
        if len(self._phones) != 1:
            raise _Refused(MANY if self._phones else NO_DEVICE)
        return next(iter(self._phones.values()))

    def _numbered(self, number: str) -> Phone:
        found = [phone for phone in self._phones.values() if str(self._number(phone)) == number]
        if not found:
            raise _Refused(f"no device with transport id '{number[:20]}'")
        return found[0]

    def _number(self, phone: Phone) -> int:
        return 1 + list(self._phones).index(phone.serial)

    def _list(self, long: bool) -> str:
        tail = " product:simulated model:Simulated device:simulated transport_id:{}"
        return "".join(
            f"{serial:<22} device{tail.format(number)}\n" if long else f"{serial}\tdevice\n"
            for number, serial in enumerate(self._phones, 1)
        )


def _divided(asked: str) -> tuple[str, str]:
    """The serial number that a request names (``#`` and the number of a transport), and its service."""
    prefix, _, rest = asked.partition(":")
    if prefix == "host-serial":
        serial, _, service = rest.partition(":")
        return serial, service
    if prefix == "host-transport-id":
        number, _, service = rest.partition(":")
        return f"#{number}", service
    if prefix in ("host", "host-usb", "host-local"):
        return "", rest
    raise _Refused(f"unknown host service: {asked[:100]}")


async def _service(phone: Phone, asked: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The one service that a connection to a device asks for."""
    name, _, given = asked.partition(":")
    kind, *options = name.split(",")
    if kind in ("shell", "exec"):
        second = "v2" in options
        writer.write(wire.okay())
        await writer.drain()
        done = await shell.run(phone, given, joined=not second) if given.strip() else _not_interactive()
        writer.write(_packed(done) if second else done.out + done.error)
    elif asked == "sync:":
        writer.write(wire.okay())
        await sync.serve(phone, reader, writer)
    else:
        writer.write(wire.fail(f"closed: a simulated device has no service {asked[:100]!r}"))
    await writer.drain()


def _not_interactive() -> Done:
    return Done(error=b"nextstate: no shell to type into; give a command: adb shell COMMAND\n", status=1)


def _packed(done: Done) -> bytes:
    return (
        wire.packets(wire.STDOUT, done.out)
        + wire.packets(wire.STDERR, done.error)
        + wire.packets(wire.EXIT, bytes([done.status & 0xFF]))
    )


async def _ended(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close a connection so that what was sent arrives: what the client still sends is read, for a moment."""
    try:
        with contextlib.suppress(ConnectionError, TimeoutError, OSError):
            if writer.can_write_eof():
                writer.write_eof()
            async with asyncio.timeout(LINGER):
                while await reader.read(65_536):
                    pass
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError, OSError):
            await writer.wait_closed()
