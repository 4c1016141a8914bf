"""``adbutils`` against a server of simulated devices: prints one JSON object of what it saw."""

from __future__ import annotations

import json
import sys
from typing import Any

import adbutils


def run(port: int) -> dict[str, Any]:
    client = adbutils.AdbClient(host="127.0.0.1", port=port)
    client.wait_for(timeout=10)
    device = client.device()
    seen: dict[str, Any] = {
        "version": client.server_version(),
        "listed": [(one.serial, one.state) for one in client.list()],
        "serial": device.serial,
        "features": device.get_features(),
        "size": list(device.window_size()),
        "model": device.prop.model,
        "screen_on": device.is_screen_on(),
        "first": device.app_current().package,
        "v1": device.shell2("cat /none").returncode,
        "v2": device.shell2("echo out; cat /none", v2=True).stdout,
    }
    device.app_start("org.example.notes")
    seen["opened"] = device.app_current().package
    seen["dump"] = device.dump_hierarchy()
    seen["files"] = [one.path for one in device.sync.iter_directory("/data/local/tmp")]
    device.click(*centre(seen["dump"], "New note"))
    device.send_keys("Milk")
    device.keyevent("BACK")
    device.swipe(540, 1800, 540, 600, 0.2)
    try:
        device.sync.push(b"data", "/sdcard/x")
        seen["pushed"] = True
    except adbutils.AdbError as error:
        seen["pushed"] = str(error)
    return seen


def centre(dump: str, label: str) -> tuple[int, int]:
    """The middle of the node that is described so."""
    import re
    from xml.etree import ElementTree

    (node,) = ElementTree.fromstring(dump).findall(f".//node[@content-desc='{label}']")
    left, top, right, bottom = map(int, re.findall(r"\d+", node.attrib["bounds"]))
    return (left + right) // 2, (top + bottom) // 2


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]))))
