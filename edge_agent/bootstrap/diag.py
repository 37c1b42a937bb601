"""The collectors of a box's diagnostics, and the secrets that never leave with them."""

import json
import platform
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import structlog
from pydantic import BaseModel, SecretBytes, SecretStr

from edge_agent.adapters.identity_file import write_private
from edge_agent.adapters.log_tail import LogTail
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.lines import Lines
from edge_agent.domain.diag_redact import Redactor
from edge_agent.domain.diag_summary import summary
from edge_agent.ports.fleet_line import ArchiveLine
from edge_agent.services.box.diag import Collector, Diagnostics
from edge_agent.services.box.health_watch import HealthWatch
from edge_agent.settings import Settings
from retail_core.errors import Fault

LOG_TAIL = LogTail()
log = structlog.get_logger("diag")
KEPT_FILE = "diag.tar.gz"
KERNEL_FILES = ("/proc/meminfo", "/proc/loadavg", "/proc/mounts", "/proc/pressure/io")


@dataclass(frozen=True, slots=True)
class Parts:
    """What collectors look at."""

    basis: Basis
    storage: Storage
    lines: Lines
    health: HealthWatch
    states: Callable[[], dict[str, str]]


PlugIn = tuple[str, Callable[[Parts], str]]


def about(parts: Parts) -> str:
    """Say what runs, where, since when."""
    now, shop = parts.basis.clock.now(), parts.basis.shop
    return _json(
        version=parts.basis.version,
        tenant=shop.tenant,
        store=shop.store,
        device=shop.device,
        store_name=shop.store_name,
        machine=platform.machine(),
        kernel=platform.release(),
        python=platform.python_version(),
        clock=now.quality.name,
        safe_mode=parts.basis.safe,
    )


def health(parts: Parts) -> str:
    """Say what is wrong, the figures, and what was tried; not by whom."""
    return _json(
        issues=[msgspec.structs.asdict(one) for one in parts.health.issues()],
        vitals=msgspec.structs.asdict(parts.health.vitals),
        devices=parts.states(),
        fixups=[f"{one.name} {one.trouble or 'done'}" for one in parts.health.desk.done],
        faults=parts.basis.tally.snapshot(),
    )


def line(parts: Parts) -> str:
    """Say how the sending goes."""
    link, journal = parts.lines.link, parts.storage.journal
    return _json(
        connected=link.connected(),
        way=str(link.way),
        reason=link.reason,
        uplink=str(parts.lines.uplink.state()),
        depth=journal.depth(),
        lowest_unacked=journal.lowest_unacked(),
        next_seq=journal.next_seq(),
        feed=parts.storage.replica.feed_position()[1],
        catalogue=parts.storage.replica.catalogue_version(),
    )


def settings(parts: Parts) -> str:
    """Say how the box is set up."""
    return settings_said(parts.basis.settings)


def settings_said(held: Settings) -> str:
    """Say what stands in both files; secrets are no part of what a setting says of itself."""
    lanes = [lane.model_dump(mode="json") for lane in held.lanes]
    tills = [{"kind": till.kind, "name": till.name} for till in held.device.tills]
    return _json(config=held.config.model_dump(mode="json"), lanes=lanes, tills=tills)


def files(parts: Parts) -> str:
    """Name the files of the box and how large they are."""
    return files_said(parts.basis.settings.config.data_dir)


def files_said(folder: Path) -> str:
    """Name the files in a folder and how large they are."""
    found = sorted(one for one in folder.iterdir() if one.is_file()) if folder.exists() else []
    return "".join(f"{one.stat().st_size:>12} {one.name}\n" for one in found)


def threads(_parts: Parts) -> str:
    """Say where each thread is: a part that hangs is found by it."""
    names = {one.ident: one.name for one in threading.enumerate()}
    said = []
    for ident, frame in sys._current_frames().items():  # noqa: SLF001 -- the one way to ask
        frames = traceback.extract_stack(frame)[-8:]
        where = " < ".join(f"{one.name}:{one.lineno}" for one in reversed(frames))
        said.append(f"{names.get(ident, '?')}: {where}\n")
    return "".join(sorted(said))


def kernel(_parts: Parts) -> str:
    """Say what the kernel says of memory, load and disks."""
    return "".join(f"== {name}\n{_read(Path(name))}\n" for name in KERNEL_FILES)


def log_tail(_parts: Parts) -> str:
    """Return the last lines this program logged."""
    return LOG_TAIL.text()


PLUG_INS: tuple[PlugIn, ...] = (
    ("about.json", about),
    ("health.json", health),
    ("line.json", line),
    ("settings.json", settings),
    ("files.txt", files),
    ("threads.txt", threads),
    ("kernel.txt", kernel),
    ("log.jsonl", log_tail),
)


def build_diagnostics(parts: Parts, plug_ins: Iterable[PlugIn] = PLUG_INS) -> Diagnostics:
    """Bind every plug-in to this box."""

    def bound(name: str, plug_in: Callable[[Parts], str]) -> Collector:
        return Collector(name, lambda: plug_in(parts))

    collectors = (bound(name, plug_in) for name, plug_in in plug_ins)
    return Diagnostics(collectors, redactor_of(parts.basis.settings), parts.basis.clock)


def diag_for_hq(
    basis: Basis, diagnostics: Diagnostics, watch: HealthWatch, line: ArchiveLine
) -> Callable[[Mapping[str, str]], str]:
    """Return what HQ's command does: the archive is handed in, its essentials are the answer.

    Where the line breaks meanwhile the archive waits in the box's own folder for a technician.
    """

    def run(_args: Mapping[str, str]) -> str:
        path, shop = basis.settings.config.data_dir / KEPT_FILE, basis.shop
        archive = diagnostics.archive("hq")
        write_private(path, archive)
        try:
            line.hand_in(archive)
        except Fault as fault:
            basis.tally.count(fault.code)
            log.warning("diagnostics_stay", code=fault.code)
        own = (str(shop.store), str(shop.device), basis.version)
        return summary(*own, watch.vitals, watch.issues())

    return run


def redactor_of(held: Settings) -> Redactor:
    """Return who knows the secrets of both files; the store's own identity may stay."""
    own = held.device.identity
    return Redactor(secrets_in(held), [str(own.tenant), str(own.store), str(own.device)])


def secrets_in(model: BaseModel) -> Iterator[bytes]:
    """Find every secret in the settings, however deep."""
    for name in type(model).model_fields:
        yield from _secrets(getattr(model, name))


def _secrets(value: Any) -> Iterator[bytes]:
    match value:
        case SecretStr():
            yield value.get_secret_value().encode()
        case SecretBytes():
            yield value.get_secret_value()
        case BaseModel():
            yield from secrets_in(value)
        case tuple() | list():
            for one in value:
                yield from _secrets(one)
        case dict():
            for one in value.values():
                yield from _secrets(one)
        case _:
            return


def _json(**said: Any) -> str:
    return json.dumps(said, ensure_ascii=False, indent=1, default=str) + "\n"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return error.strerror or ""
