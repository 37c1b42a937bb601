"""What is printed behind receipts, wired."""

from collections.abc import Mapping
from functools import partial

from edge_agent.bootstrap.basis import Basis
from edge_agent.bootstrap.devices import Devices
from edge_agent.bootstrap.services import Services
from edge_agent.services.tills.append_receipt import AppendReceipt, AppendWish


def build_append(basis: Basis, services: Services, devices: Devices) -> AppendReceipt:
    """Build it over the tills that have an `append` section."""
    language, texts = basis.settings.config.language, basis.settings.config.texts
    wishes = {
        till.id: AppendWish(
            points=till.append.points,
            tier=till.append.tier,
            savings=till.append.savings,
            receipt_code=till.append.receipt_code,
            claim_code=till.append.claim_code,
            language=till.append.language or language,
            within_ms=till.append.within_ms,
            own=(texts.slip, texts.slip_en),
        )
        for till in basis.settings.device.escpos_tills
        if till.append is not None
    }
    return AppendReceipt(
        wishes,
        devices.taps,
        services.permit,
        services.members,
        services.after.claims,
        partial(_tier_names, services),
        basis.tally,
    )


def _tier_names(services: Services, language: str) -> Mapping[str, str]:
    bundle = services.prices.rules().bundle
    return bundle.tier_names | (bundle.tier_names_en if language == "en" else {})
