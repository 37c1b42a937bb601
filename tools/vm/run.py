"""Start the machine, plug and unplug what its tests ask for, and tell how they went.

`python -m tools.vm.run` (or `make test-vm`). The machine runs on plain emulation and has no
network; it sees the host's files, and cannot change one. Its tests ask through a port of their own
for a device to be plugged or a key to be pressed, and the answer is `ok` or what QEMU said.
"""

import argparse
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge_agent.drivers.nfc_pcsc.sim import ForeignCard, Ntag424
from tools.vm.build import KERNEL, RAM_DISK, ROOT, build
from tools.vm.seat import Seat

QEMU = "qemu-system-x86_64"
LIMIT_S = 900
WIRES = 2
_ENDED = re.compile(r"vm: ended with (\d+)")
_KEYS = {"-": "minus", "\n": "ret", " ": "spc", ".": "dot", "/": "slash"}


class Machine:
    """QEMU with its monitor and the port its tests ask through; sockets live in `folder`."""

    def __init__(self, folder: Path, command: str) -> None:
        self._folder = folder
        self._monitor = _listening(folder / "monitor")
        self._asked = _listening(folder / "asked")
        self._seat = Seat(_listening(folder / "seat"))
        self._lines = 0
        self.process = subprocess.Popen(
            arguments(folder, command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._asking = threading.Thread(target=self._serve, daemon=True)
        self._asking.start()

    def follow(self) -> int:
        """Print what the machine says until it is off; return what its tests ended with."""
        ended = 3
        assert self.process.stdout is not None  # noqa: S101 -- it was asked for
        for line in self.process.stdout:
            if found := _ENDED.search(line):
                ended = int(found[1])
            sys.stdout.write(line)
            sys.stdout.flush()
        self.process.wait()
        return ended

    def stop(self) -> None:
        """Switch it off."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def _serve(self) -> None:
        monitor, _ = self._monitor.accept()
        asked, _ = self._asked.accept()
        says = monitor.makefile("rw", encoding="utf-8")
        json.loads(says.readline())
        _told(says, {"execute": "qmp_capabilities"})
        with asked.makefile("rw", encoding="utf-8") as line:
            for wish in line:
                try:
                    line.write(f"{self._do(says, wish.split())}\n")
                except (KeyError, ValueError, OSError) as error:
                    line.write(f"{type(error).__name__}: {error}\n")
                line.flush()

    def _do(self, says: Any, wish: Sequence[str]) -> str:
        match wish:
            case ["plug", name, port, *more]:
                told: dict[str, object] = {
                    "driver": "usb-serial",
                    "id": name,
                    "bus": "usb.0",
                    "port": port,
                }
                told |= {"chardev": f"far-{name}", "always-plugged": True}
                told |= dict(each.split("=", 1) for each in more)
                return _said(_told(says, {"execute": "device_add", "arguments": told}))
            case ["keyboard", name, port]:
                told = {"driver": "usb-kbd", "id": name, "bus": "usb.0", "port": port}
                return _said(_told(says, {"execute": "device_add", "arguments": told}))
            case ["unplug", name]:
                return _said(_told(says, {"execute": "device_del", "arguments": {"id": name}}))
            case ["type", text]:
                return self._type(says, text)
            case _:
                return self._at_the_reader(says, wish)

    def _at_the_reader(self, says: Any, wish: Sequence[str]) -> str:
        match wish:
            case ["reader", name, port]:
                return self._plug_reader(says, name, port)
            case ["card", "signed", uid, *keys]:
                meta_key, file_key = map(bytes.fromhex, keys)
                card = Ntag424(bytes.fromhex(uid), meta_key=meta_key, file_key=file_key)
                self._seat.lay(card)
            case ["card", "foreign", uid]:
                self._seat.lay(ForeignCard(bytes.fromhex(uid)))
            case ["nocard"]:
                self._seat.take_away()
            case _:
                return f"no such wish: {wish}"
        return "ok"

    def _plug_reader(self, says: Any, name: str, port: str) -> str:
        """Plug a reader in, with a line of its own: QEMU does not give a used one back."""
        self._lines += 1
        line = f"seat{self._lines}"
        address = {"type": "unix", "data": {"path": f"{self._folder}/seat"}}
        backend = {"type": "socket", "data": {"addr": address, "server": False}}
        reader = {"driver": "usb-ccid", "id": name, "bus": "usb.0", "port": port}
        seat = {"driver": "ccid-card-passthru", "bus": f"{name}.0", "chardev": line}
        for command, told in (
            ("chardev-add", {"id": line, "backend": backend}),
            ("device_add", reader),
            ("device_add", seat),
        ):
            said = _said(_told(says, {"execute": command, "arguments": told}))
            if said != "ok":
                return said
        self._seat.plugged_in()
        return "ok"

    def _type(self, says: Any, text: str) -> str:
        for letter in f"{text}\n":
            code = {"type": "qcode", "data": _KEYS.get(letter, letter.lower())}
            asked = {"keys": [code], "hold-time": 10}
            said = _said(_told(says, {"execute": "send-key", "arguments": asked}))
            if said != "ok":
                return said
            time.sleep(0.03)  # as a scanner that is set to be slow
        return "ok"


def arguments(folder: Path, command: str) -> list[str]:
    """Return the command line of QEMU."""
    found = [
        QEMU, "-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1200",
        "-nographic", "-no-reboot", "-nic", "none", "-monitor", "none", "-serial", "stdio",
        "-kernel", str(KERNEL), "-initrd", str(RAM_DISK),
        "-append", f"console=ttyS0 quiet panic=-1 mitigations=off vm.run={command}",
        "-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
        "-chardev", f"socket,id=monitor,path={folder}/monitor", "-mon", "monitor,mode=control",
        "-device", "virtio-serial", "-chardev", f"socket,id=asked,path={folder}/asked",
        "-device", "virtserialport,chardev=asked,name=asked",
        "-device", "qemu-xhci,id=usb,p2=8,p3=8",
        "-device", "usb-hub,bus=usb.0,port=1", "-device", "usb-hub,bus=usb.0,port=2",
    ]  # fmt: skip
    # What hangs on an adapter is the other end of its wire, in the same machine's hands.
    for number in range(WIRES):
        wire = f"{folder}/wire{number}"
        found += ["-chardev", f"socket,id=near-{number},path={wire},server=on,wait=off"]
        found += ["-device", f"virtserialport,chardev=near-{number},name=wire{number}"]
        found += ["-chardev", f"socket,id=far-w{number},path={wire}"]
    return found


def _listening(path: Path) -> socket.socket:
    found = socket.socket(socket.AF_UNIX)
    found.bind(str(path))
    found.listen(1)
    return found


def _told(says: Any, command: dict[str, object]) -> dict[str, Any]:
    says.write(json.dumps(command) + "\n")
    says.flush()
    while True:
        said: dict[str, Any] = json.loads(says.readline())
        if "event" not in said:
            return said


def _said(answer: dict[str, Any]) -> str:
    return "ok" if "return" in answer else str(answer["error"]["desc"])


def main() -> int:
    """Build what is missing, run, and give the tests' own verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", action="store_true", help="build the machine anew")
    parser.add_argument("--limit", type=int, default=LIMIT_S, help="seconds to wait for it")
    parser.add_argument("--run", type=Path, default=ROOT / "tools/vm/inside.sh")
    asked = parser.parse_args()
    build(force=asked.build)
    with tempfile.TemporaryDirectory(prefix="vm-") as folder:
        machine = Machine(Path(folder), str(asked.run))
        clock = threading.Timer(asked.limit, machine.process.kill)
        clock.start()
        try:
            return machine.follow()
        finally:
            clock.cancel()
            machine.stop()


if __name__ == "__main__":
    sys.exit(main())
