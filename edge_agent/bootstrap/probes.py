"""What `edge-agent doctor` tries before a box is relied upon."""

import shutil
import socket
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.adapters.documents_tinydb import TinyDocuments
from edge_agent.api.server import bind
from edge_agent.bootstrap.basis import DOCUMENTS_FILE, Basis, basis_of, open_storage
from edge_agent.bootstrap.device_broker import build_brokerage
from edge_agent.bootstrap.devices import open_camera, open_framed, open_nfc, open_qr, open_tap
from edge_agent.bootstrap.displays import LatePermit, open_display
from edge_agent.bootstrap.face_models import check_licences, check_nets
from edge_agent.bootstrap.scanners import open_scanner
from edge_agent.domain.camera_source import RPICAM_PROGRAMS, CameraSource
from edge_agent.domain.devices import ADDRESS
from edge_agent.lane_settings import LaneSettings
from edge_agent.settings import Settings
from edge_agent.till_settings import EscposTill
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

NETWORK_CAMERA_S = 2.0
PORTS = {"http": 80, "https": 443, "rtsp": 554}
Probe = tuple[str, Callable[[], object]]


def probes(settings: Settings) -> list[Probe]:
    """Name each check; it raises the Fault that would stop or cripple a run."""
    config = settings.config
    basis = basis_of(settings, "check")
    found: list[Probe] = [
        ("设备文件 / device file", lambda: _private(config.device_file)),
        ("板子 / board", lambda: _folder(config.board_root)),
        ("端口 / port", lambda: bind(config.api_host, config.api_port).close()),
        ("本店账本 / journal and replica", lambda: _openable(basis)),
    ]
    for lane in settings.lanes:
        found += _of_lane(basis, lane, named=len(settings.lanes) > 1)
    if config.face.enabled:
        found.append(("人脸模型 / face models", lambda: check_nets(basis)))
        if config.face.production:
            found.append(("模型许可 / model licences", lambda: check_licences(basis)))
    for till in settings.device.escpos_tills:
        for what, port in (("till", till.port), ("printer", till.printer)):
            found.append((f"{till.name} · {what}", partial(_port, basis, port)))
        found.append((f"{till.name} · profile", partial(open_tap, basis, till)))
        found += [(f"{till.name} · {what}", probe) for what, probe in _beside(basis, till)]
    for framed in settings.device.framed_tills:
        found.append((f"{framed.name} · till", partial(_port, basis, framed.port)))
        found.append((f"{framed.name} · profile", partial(open_framed, basis, framed)))
    return found


def _beside(basis: Basis, till: EscposTill) -> list[Probe]:
    """Name the checks of what hangs beside a till's printer."""
    found: list[Probe] = []
    ports: list[str] = []
    if till.display is not None:
        opening = partial(open_display, basis, till.id, till.display, LatePermit())
        found.append(("顾显 / display profile", opening))
        ports += [till.display.port, till.display.display]
    if till.scanner is not None:
        setting_up = partial(open_scanner, basis, till.id, till.scanner, LatePermit())
        found.append(("扫码枪 / scanner profile", setting_up))
        ports += [till.scanner.scanner, till.scanner.port] if till.scanner.port else []
    return [*found, *((port, partial(_port, basis, port)) for port in ports)]


def _of_lane(basis: Basis, lane: LaneSettings, *, named: bool) -> list[Probe]:
    """Name the checks of a lane's devices; with several lanes each says which."""
    found: list[Probe] = []
    if lane.camera.source:
        found.append(("摄像头驱动 / camera driver", lambda: open_camera(lane, basis.tally)))
        found.append(("摄像头 / camera", lambda: _present(lane.camera.source)))
        if lane.qr.from_camera:
            found.append(("扫码 / code reader", open_qr))
    if lane.nfc.reader:
        found.append(("读卡器驱动 / card reader driver", lambda: open_nfc(lane.nfc, basis.tally)))
        found.append(("pcscd", _pcscd))
    return [(f"{lane.name} · {what}", probe) for what, probe in found] if named else found


def _private(path: Path) -> None:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        detail = Words(
            f"mode {mode:o}: others can read its secrets; chmod 600",
            f"权限是 {mode:o},别人也读得到里面的密钥:chmod 600",
        )
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=str(path), detail=detail)


def _folder(path: Path) -> None:
    if not path.is_dir():
        detail = Words(f"board_root {path}: no such folder", f"board_root {path}:没有这个文件夹")
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=str(path), detail=detail)


def _openable(basis: Basis) -> None:
    with ExitStack() as files:
        open_storage(basis, files)


def _present(text: str) -> None:
    """Say that a file, device or program is missing; a network camera is asked for one answer."""
    source = CameraSource.parse(text)
    match source.kind:
        case "file" | "v4l2":
            there = Path(source.where).exists()
        case "rpicam":
            there = any(shutil.which(name) for name in RPICAM_PROGRAMS)
        case _:
            there = _answers(source.where)
    if not there:
        raise Fault(FaultCode.CAMERA_OPEN, source=source.shown)


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    port = parts.port or PORTS[parts.scheme]
    try:
        socket.create_connection((parts.hostname, port), NETWORK_CAMERA_S).close()
    except OSError:
        return False
    return True


def _pcscd() -> None:
    if not Path("/run/pcscd/pcscd.comm").exists():
        raise Fault(FaultCode.SETUP_PACKAGE_MISSING, packages="pcscd")


def _port(basis: Basis, address: str) -> None:
    """Say that a line is not there; one on the network is not asked."""
    if address.startswith(ADDRESS):
        with ExitStack() as files:
            folder = basis.settings.config.data_dir
            documents = TinyDocuments(folder / DOCUMENTS_FILE, basis.tally)
            files.callback(documents.close)
            build_brokerage(basis, documents, files).broker.resolve(address)
    elif "://" not in address and not Path(address).exists():
        raise Fault(FaultCode.TILL_PORT_OPEN, port=address)
