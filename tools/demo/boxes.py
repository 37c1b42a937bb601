"""Step 0: how boxes are let in, and how one is shut out.

The shops' boxes came in by one-time codes before the story began. Here somebody tries one of those
codes again, and a spare box, let in like the others, is stolen.
"""

import socket
import ssl
import time
import tomllib
from pathlib import Path

from retail_core.texts.faults import FaultCode
from tools.demo.cast import Cast
from tools.demo.client import wait_until
from tools.demo.report import Report
from tools.demo.shops import PLACES
from tools.demo.stage import HOST, Stage

SPARE_SLOT = 2
ANSWERS_WITHIN_S = 10.0
# MQTT 3.1.1, a clean session without a name: the broker takes the one of the certificate.
CONNECT = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"
ACCEPTED = b"\x20\x02\x00\x00"


def let_in(stage: Stage, cast: Cast, report: Report) -> None:
    """Try a used code, let a spare box in, report it stolen: it is cut off and stays out."""
    with report.step("boxes", "⓪ 盒子凭开通码入网,失窃即停用 · boxes let in, one shut out") as step:
        certified = sum((cast.folder / place.key / "identity.pem").exists() for place in PLACES)
        report.note(
            f"{certified} 台盒子凭一次性开通码换来证书,密钥不出盒子 · let in by one-time codes"
        )
        used = _refused(stage, cast)
        report.note("用过的码再用:F103,总部收到警报 · a code used twice: refused, HQ is told")
        folder = cast.folder / "spare"
        stage.at_box("provision", "--out", str(folder), "--qr", stage.code(PLACES[-1], SPARE_SLOT))
        sheet = tomllib.loads((folder / "device.toml").read_text(encoding="utf-8"))
        device = sheet["identity"]["device"]
        session = _speaks(stage, folder)
        if session is None:
            raise RuntimeError("the broker did not let the spare box in")
        with session:
            started = time.perf_counter()
            told = stage.office("revoke-box", "--device", device, "--why", "被盗")
            cut = _ended(session)
            step.ms = (time.perf_counter() - started) * 1000
        # Its rights are gone with the session; the list of the revoked then stops it at the door.
        wait_until(ANSWERS_WITHIN_S, "the list of the revoked", lambda: _kept_out(stage, folder))
        report.note("备用机报失窃:连接当场断开,再也进不来 · a stolen box: cut off, and kept out")
        step.detail |= {"certified": certified, "told": told["broker"], "listed": told["crl"]}
        step.ok = certified == len(PLACES) and used and cut


def _refused(stage: Stage, cast: Cast) -> bool:
    """Return whether a code that was used lets nobody in, and HQ's repair list says so."""
    code = FaultCode.ENROL_CODE_USED.value
    spent = cast.shops[PLACES[0].key].used_code
    thief = cast.folder / "thief"
    try:
        stage.at_box("provision", "--out", str(thief), "--qr", spent)
    except RuntimeError as refused:
        alerts = cast.hq.get("/v1/hq/repair")
        return code in str(refused) and any(one["code"] == code for one in alerts)
    return False


def _speaks(stage: Stage, folder: Path) -> ssl.SSLSocket | None:
    """Meet the broker by a box's certificate; return the session, None when it is refused."""
    trust = ssl.create_default_context(cafile=folder / "ca.pem")
    trust.load_cert_chain(folder / "identity.pem")
    opened = socket.create_connection((HOST, stage.boxes_port), ANSWERS_WITHIN_S)
    try:
        session = trust.wrap_socket(opened, server_hostname=HOST)
        session.sendall(CONNECT)
        if session.recv(len(ACCEPTED)) == ACCEPTED:
            return session
    except (ssl.SSLError, ConnectionError):
        pass
    opened.close()
    return None


def _kept_out(stage: Stage, folder: Path) -> bool:
    session = _speaks(stage, folder)
    if session is not None:
        session.close()
    return session is None


def _ended(session: ssl.SSLSocket) -> bool:
    """Return whether the broker ended a session, at the latest when it has to have done so."""
    try:
        return session.recv(1) == b""
    except TimeoutError:
        return False
    except (ssl.SSLError, ConnectionError):
        return True
