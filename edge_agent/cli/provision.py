"""`edge-agent provision`: a blank box becomes one of a store, by a code that somebody read out."""

import tomllib
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import segno
import typer
from rich.console import Console
from rich.markup import escape

from edge_agent.adapters.board import read_board
from edge_agent.adapters.clock_system import SystemClock, kernel_boot_id
from edge_agent.adapters.device_file import write_device_file
from edge_agent.adapters.est_http import EstDesk
from edge_agent.adapters.identity_file import IdentityFile, write_private
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.outgoing import Outgoing
from edge_agent.adapters.provision_page import ProvisionPage
from edge_agent.adapters.release_root import ROOT_FILE, root_in
from edge_agent.services.box.provisioning import first_certificate
from edge_agent.settings import load_settings
from retail_core.errors import Fault
from retail_core.fleet.enrol_code import EnrolTicket, pin_of, read, read_ticket
from retail_core.texts.faults import FaultCode

EXIT_FAULT = 2
IDENTITY, AUTHORITIES, DEVICE, CONFIG = "identity.pem", "ca.pem", "device.toml", "config.toml"
_CONFIG = """\
# 盒子的配置,可以改;全部选项见 docs/how-to/till-screen.md / this box's config, to be changed.
device_file = "device.toml"
data_dir = "data"
"""


def provision(  # noqa: PLR0913 -- each is an option of the command line
    folder: Annotated[Path, typer.Option("--out", help="放在哪里 folder for the box's files")],
    cloud: Annotated[str, typer.Option(help="云端地址 https://… of the cloud")] = "",
    code: Annotated[str, typer.Option(help="开通码 enrolment code")] = "",
    pin: Annotated[str, typer.Option(help="云端指纹 the cloud's fingerprint")] = "",
    qr: Annotated[str, typer.Option(help="扫到的二维码内容 what the QR code says")] = "",
    release_pin: Annotated[
        str, typer.Option(help="版本根的指纹(可不写)the pin of the releases' root, if known")
    ] = "",
    *,
    page: Annotated[
        bool, typer.Option("--page", help="打开一页,用手机填码或拍码 a page for a phone")
    ] = False,
    page_port: Annotated[int, typer.Option(help="那一页的端口 its port", min=0, max=65535)] = 8091,
) -> None:
    """开通这台盒子:密钥在本机生成,换证书,写好配置 / make this box one of a store's.

    The key is made here and never leaves. After a cut line, the same command goes on where it was.
    """
    try:
        if page:
            _by_phone(folder, release_pin, page_port)
        else:
            ticket = read_ticket(qr) if qr else EnrolTicket(cloud, read(code) if code else "", pin)
            provision_box(folder, ticket, release_pin)
    except Fault as fault:
        _fail(fault)
    console = Console(emoji=False, soft_wrap=True, highlight=False)
    console.print(f"✓ {escape(str(folder / CONFIG))}")
    if (folder / ROOT_FILE).exists():
        pinned = pin_of((folder / ROOT_FILE).read_bytes())
        console.print(f"  版本的根 / root of releases: {pinned}")
    _say_what_next(folder / CONFIG, console)


def _by_phone(folder: Path, release_pin: str, port: int) -> None:
    """Open the page, say where, and wait until a phone has done it; Fault PROVISION_PAGE_OVER."""
    # Loaded for this way alone: reading pictures takes what recognition takes.
    from edge_agent.drivers.qr.decoders import qr_in_greys  # noqa: PLC0415 -- see above

    if (folder / DEVICE).exists():
        raise Fault(FaultCode.ENROL_EXISTS, path=folder)

    def done(ticket: EnrolTicket) -> str:
        provision_box(folder, ticket, release_pin)
        told = tomllib.loads((folder / DEVICE).read_text(encoding="utf-8"))
        return str(told["identity"]["store_name"])

    opened = ProvisionPage(done, qr_in_greys, port=port)
    address = opened.start()
    console = Console(emoji=False, soft_wrap=True, highlight=False)
    console.print("用同一网络里的手机打开,半小时内有效 / open it with a phone on the same network:")
    console.print(f"  {address}", markup=False)
    segno.make_qr(address, error="m").terminal(compact=True)
    try:
        if not opened.wait():
            raise Fault(FaultCode.PROVISION_PAGE_OVER)
    finally:
        opened.stop()


def _say_what_next(config: Path, console: Console) -> None:
    """Tell the technician what is plugged in, what waits for a device, and the next commands."""
    # Loaded when it is done: finding devices takes what the whole program takes.
    from edge_agent.adapters.device_bus_linux import LinuxDeviceBus  # noqa: PLC0415 -- see above
    from edge_agent.bootstrap.device_broker import users  # noqa: PLC0415 -- see above

    settings = load_settings(config)
    with closing(LinuxDeviceBus()) as bus:
        count = len(bus.devices())
    wanted = ", ".join(f"{name} ({who})" for name, who in users(settings)) or "–"
    printer = next((f" --print {till.name}" for till in settings.device.escpos_tills), "")
    console.print("下一步 / next:")
    for number, (said, command) in enumerate(
        (
            (
                f"设备 / devices: {count};配置里要的 / asked for: {wanted}",
                f"till devices -c {config}",
            ),
            ("自检 / the self-test", f"doctor -c {config}{printer}"),
            ("开店 / open the shop", f"run -c {config}"),
        ),
        start=1,
    ):
        console.print(f"  {number}. {escape(said)}")
        console.print(f"     edge-agent {escape(command)}")


def provision_box(folder: Path, ticket: EnrolTicket, release_pin: str = "") -> None:
    """Do it; Faults F1xx, SYNC_LINK_DOWN, RELEASE_ROOT_WRONG."""
    if (folder / DEVICE).exists():
        raise Fault(FaultCode.ENROL_EXISTS, path=folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = IdentityFile(folder / IDENTITY)
    system = not ticket.pin
    if store.held() is None:
        if not ticket.code:
            raise Fault(FaultCode.ENROL_CODE_MISTYPED)
        first = EstDesk(ticket.url, Outgoing(), store.drawn)
        write_private(folder / AUTHORITIES, first.root(ticket.pin), 0o644)
        known = Outgoing(ca_file=folder / AUTHORITIES, system_trust=system)
        desk = EstDesk(ticket.url, known, store.drawn)
        first_certificate(store, desk, ticket.code, _board())
    own = Outgoing(ca_file=folder / AUTHORITIES, system_trust=system)
    sheet = EstDesk(ticket.url, replace(own, identity=store.path), store.drawn).sheet()
    root = root_in(sheet, release_pin)
    if root and not (folder / ROOT_FILE).exists():
        write_private(folder / ROOT_FILE, root, 0o644)
    files: dict[str, str | bool] = {
        "identity_file": IDENTITY,
        "ca_file": AUTHORITIES,
        "system_trust": system,
    }
    ids = SystemIds(SystemClock(kernel_boot_id()))
    if not (folder / CONFIG).exists():
        write_private(folder / CONFIG, _CONFIG.encode(), 0o644)
    write_device_file(folder / DEVICE, sheet, files, ids.random_bytes)


def _board() -> str:
    """Return what the technician can compare with the sticker: the board's number, not its key."""
    board = read_board()
    shown = board.secret.get_secret_value() if board.kind == "serial" else b""
    text = (shown or board.weaker.get_secret_value()).decode("ascii", "replace")
    return "".join(char for char in text if char.isalnum()) or "unknown"


def _fail(fault: Fault) -> NoReturn:
    said = f"{escape(fault.text('zh'))}\n     {escape(fault.text('en'))}"
    Console(emoji=False, stderr=True, soft_wrap=True).print(f"[red]{fault.code}[/] {said}")
    raise typer.Exit(EXIT_FAULT)
