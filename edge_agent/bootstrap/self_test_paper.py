"""The slip of a self-test on a receipt printer: that of a till of this box, or one by its port."""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from edge_agent.adapters.documents_tinydb import TinyDocuments
from edge_agent.bootstrap.append_style import append_style
from edge_agent.bootstrap.basis import DOCUMENTS_FILE, Basis, basis_of
from edge_agent.bootstrap.device_broker import build_brokerage
from edge_agent.domain.devices import ADDRESS
from edge_agent.domain.diag_summary import summary
from edge_agent.domain.self_test_slip import SlipHead, self_test_slip
from edge_agent.domain.slip import AppendStyle
from edge_agent.drivers.lines.claimed import OpenLine, claimed_lines
from edge_agent.drivers.lines.held import check_free, hold
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.profiles import SerialLine, TillProfile, load_profile
from edge_agent.drivers.profiles.till import Paper
from edge_agent.drivers.qr.draw import drawn
from edge_agent.drivers.till_escpos.print_alone import print_alone
from edge_agent.settings import Settings
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.wire.health import BoxVitals, IssueTold

PLAIN = AppendStyle(feed_lines=2)


def print_findings_on(
    settings: Settings, where: str, findings: Sequence[tuple[str, Fault | None]], version: str
) -> None:
    """Print what a self-test found; `where` is a till's name or a printer's port.

    Faults TILL_PORT_OPEN, DEVICE_IN_USE while the agent or anybody else has the printer, those of a
    till's profile and of a claim.
    """
    basis = basis_of(settings, version)
    port, line, paper, style = _printer(settings, where)
    own = settings.device.identity
    issues = [IssueTold(fault.code.value) for _, fault in findings if fault is not None]
    code = summary(str(own.store), str(own.device), version, BoxVitals(), issues)
    head = SlipHead(own.store_name, str(own.device), version, _now(basis))
    slip = self_test_slip(head, findings, code, drawn(code))
    with ExitStack() as ends:
        opening: OpenLine = open_port
        if port.startswith(ADDRESS):
            documents = TinyDocuments(settings.config.data_dir / DOCUMENTS_FILE, basis.tally)
            ends.callback(documents.close)
            opening = claimed_lines(build_brokerage(basis, documents, ends).broker)
        elif port.startswith("/"):
            check_free(port)
        printer = hold(opening(port, line))
        ends.callback(printer.close)
        print_alone(printer, slip, paper, style)


def _printer(settings: Settings, where: str) -> tuple[str, SerialLine, Paper, AppendStyle]:
    """Return the printer of the till of that name, or one of which only the port is known."""
    for till in settings.device.escpos_tills:
        if where in {till.name, str(till.id)}:
            profile = load_profile(settings.config.profiles_dir, till.profile, TillProfile)
            return till.printer, profile.line, profile.paper, append_style(till.append) or PLAIN
    return where, SerialLine(), Paper(), PLAIN


def _now(basis: Basis) -> str:
    now = basis.clock.now()
    if now.quality is TimeQuality.UNKNOWN:
        return ""
    moment = datetime.fromtimestamp(now.wall_ms / 1_000, tz=UTC)
    return moment.astimezone(ZoneInfo(basis.shop.zone)).strftime("%Y-%m-%d %H:%M")
