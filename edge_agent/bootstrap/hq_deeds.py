"""What HQ may tell a box to do beside its own line and settings: say how it is, and mend itself."""

from collections.abc import Mapping

from edge_agent.bootstrap.basis import Basis
from edge_agent.bootstrap.diag import LOG_TAIL, diag_for_hq, redactor_of
from edge_agent.ports.fleet_line import ArchiveLine
from edge_agent.services.box.commands import DETAIL_CHARS_MAX, Action
from edge_agent.services.box.diag import Diagnostics
from edge_agent.services.box.fixups import mended
from edge_agent.services.box.health_watch import HealthWatch


def deeds_for_hq(
    basis: Basis, diagnostics: Diagnostics, watch: HealthWatch, line: ArchiveLine
) -> dict[str, Action]:
    """Return the commands by kind."""
    redactor = redactor_of(basis.settings)

    def logs(_args: Mapping[str, str]) -> str:
        # Cleaned whole: a secret that the cut falls into would not be known any more.
        return redactor.clean(LOG_TAIL.text())[-DETAIL_CHARS_MAX:]

    return {
        "diag": diag_for_hq(basis, diagnostics, watch, line),
        "logs": logs,
        "mend": lambda args: mended(watch.desk, args["fixup"]),
    }
