"""`make demo`: sets the stage, plays the story, and leaves it standing until ^C.

Three shops, a cloud, a broker and a database, all real; the peripherals are simulated, the drivers
are the production ones.
"""

import argparse
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from rich.console import Console

from edge_agent.drivers.nfc_pcsc.sim import Ntag424
from edge_agent.drivers.till_escpos.sim import OldTill, RecordingPrinter
from retail_core.errors import Fault
from retail_core.identity.sun import file_key
from tools import fetch_photos
from tools.demo import boxes, faults, hq, parade, sales, visits
from tools.demo.cast import MEMBER_NAME, MEMBER_PHONE, Cast
from tools.demo.people import Person, find_people
from tools.demo.report import Report
from tools.demo.shops import CLERK_NUMBER, PLACES, Place, Shop
from tools.demo.stage import HQ_LOGIN, ROOT, Stage, TillPorts

EXIT_NOT_HELD, EXIT_SETUP = 1, 3
# Chengdu knows her by what Shanghai sold her; faces stay off there.
FACE_SHOPS = ("shanghai", "beijing")
CARD_UID = bytes.fromhex("04a1b2c3d4e5f6")
# Six articles for which the tier price, the hour's price and the mix-and-match offer compete.
BASKET = ["SK-007", "SK-003", "SN-001", "SN-004", "DR-008", "DR-009"]
BARCODE_TO_TRY = "6900000010013"
PROFILE = "generic-zh-32"
RECEIPT = [
    ("泉未 天然矿泉水 550ml", 2, 250),
    ("小圆满 原味薯片 104g", 1, 1250),
    ("清晨日用 便携纸巾 10包", 1, 990),
]


def main() -> int:
    """Play the story; 0 when everything held, 1 when not, 3 when the stage could not be set."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console(highlight=False)
    report = Report(console)
    folder = ROOT / "var" / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with ExitStack() as ends:
        try:
            people = _people(asked.photos)
            stage, cast = _set_up(console, ends, folder, people[0])
        except (Fault, RuntimeError, OSError, TimeoutError) as error:
            console.print(f"[red]{error}[/]", markup=True)
            return EXIT_SETUP
        _play(stage, cast, report, people if asked.photos else ())
        report.summary(ROOT / "var" / "demo.json")
        if not asked.once:
            _stay(console, stage, cast)
    return 0 if report.all_held() else EXIT_NOT_HELD


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__.splitlines()[0])
    parser.add_argument("--once", action="store_true", help="play once, then stop everything")
    parser.add_argument(
        "--photos",
        type=Path,
        help="a folder of photos: labels.csv (file,identity) or one sub-folder a person",
    )
    return parser.parse_args()


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _people(photos: Path | None) -> tuple[Person, ...]:
    if photos is None:
        photos = ROOT / "var" / "photos"
        fetch_photos.fetch_photos(photos)
    return find_people(photos)


def _set_up(console: Console, ends: ExitStack, folder: Path, person: Person) -> tuple[Stage, Cast]:
    stage = Stage(folder, ROOT / "models")
    ends.callback(stage.close)
    with console.status("[bold]PostgreSQL"):
        stage.database()
        stage.goods()
    console.print("[green]✓[/] PostgreSQL,商品表与规则包 · catalogue and offers")
    with console.status("[bold]mosquitto, cloud-broker"):
        stage.broker()
        stage.cloud_program()
    console.print(f"[green]✓[/] 云端 · the cloud at {stage.cloud.base}")
    with console.status("[bold]三家店 · three shops"):
        pcsc = stage.reader()
        till, printer = _old_till(ends)
        ports = TillPorts(till.port, printer.port, PROFILE)

        def set_up(place: Place) -> Shop:
            first = place == PLACES[0]
            shop = stage.shop(place, pcsc if first else None, ports if first else None)
            if place.key in FACE_SHOPS:
                stage.let_faces(place)
            return shop

        with ThreadPoolExecutor(len(PLACES)) as technicians:
            shops = dict(
                zip((one.key for one in PLACES), technicians.map(set_up, PLACES), strict=True)
            )
        for shop in shops.values():
            stage.open_shop(shop)
    console.print("[green]✓[/] 上海、成都、北京三家店开门 · three shops are open")
    meta, master = shops["shanghai"].card_keys
    card = Ntag424(CARD_UID, meta_key=meta, file_key=file_key(master, CARD_UID))
    return stage, Cast(
        folder=folder,
        shops=shops,
        cloud=stage.cloud,
        hq=stage.hq,
        hq_login=HQ_LOGIN,
        hq_password=stage.hq_password,
        person=person,
        card=card,
        reader=pcsc.reader,
        old_till=till,
        printer=printer,
        basket=BASKET,
        receipt_items=RECEIPT,
    )


def _old_till(ends: ExitStack) -> tuple[OldTill, RecordingPrinter]:
    """Set up the till from before our time and its printer, each at one end of a pty."""
    till, printer = OldTill(), RecordingPrinter()
    ends.callback(till.stop)
    ends.callback(printer.stop)
    return till, printer


def _play(stage: Stage, cast: Cast, report: Report, others: tuple[Person, ...]) -> None:
    """Play every step; the first that fails ends the story."""
    steps = (
        partial(boxes.let_in, stage),
        visits.enrol,
        visits.recognise,
        sales.sell_http,
        sales.sell_escpos,
        sales.cross_store,
        faults.cut_and_kill,
        faults.reconcile,
        hq.hq_page,
    )
    try:
        for step in steps:
            step(cast, report)
        if others:
            parade.everybody(cast, report, others)
    except KeyboardInterrupt:
        raise
    except Exception as error:  # noqa: BLE001  # the report has it; the summary is still due
        report.console.print(f"[red]{type(error).__name__}: {error}[/]", markup=True)


def _stay(console: Console, stage: Stage, cast: Cast) -> None:
    """Print where to look and wait for ^C."""
    lines = [f"总部 HQ      {cast.cloud.base}/   {HQ_LOGIN} / {cast.hq_password}"]
    for shop in cast.shops.values():
        lines.append(f"{shop.place.name}  {shop.screen_url()}")
        lines.append(f"  店员 clerk  F10 → {CLERK_NUMBER} / {shop.clerk_pin}")
    lines.append(f"试试 try     {BARCODE_TO_TRY}, F3 → {MEMBER_PHONE} ({MEMBER_NAME})")
    lines.append("            F3 → 13912340001 入会 join, F4 → 短信码 SMS code: logs/cloud.log")
    lines.append(f"日志 logs    {stage.folder / 'logs'}")
    console.rule("Ctrl-C 收场 · ^C ends it")
    # Whole lines, however narrow the window: an address that is cut opens nothing.
    console.print("\n".join(lines), soft_wrap=True, highlight=False, markup=False)
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("收场 · closing")


if __name__ == "__main__":
    sys.exit(main())
