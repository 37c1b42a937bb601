"""HQ signs the models its boxes may use, and who decided that their licences allow it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Units
from retail_core.identity.model_card import ModelBundle, SignOff, sign_models
from retail_core.identity.model_manifest import parse_manifest

_MS_PER_S = 1_000


@dataclass(frozen=True, slots=True)
class SignedModels:
    """What was signed, and the bytes for the boxes."""

    bundle: ModelBundle
    signed: bytes


@dataclass(frozen=True, slots=True)
class ModelSigner:
    """Turns a manifest into a bundle under the tenant's key, and writes it into the audit log."""

    units: Units
    clock: Clock
    keys: KeyRing

    def sign(
        self, tenant: UUID, manifest: bytes, decided_by: dict[str, str], *, who: str
    ) -> SignedModels:
        """Sign all models of a manifest; `decided_by` names, by model, who signed its licence off.

        Faults SETUP_CONFIG_INVALID, MODEL_MISSING.
        """
        now = self.clock.now_ms()
        day = datetime.fromtimestamp(now / _MS_PER_S, UTC).date().isoformat()
        decisions = {name: SignOff(by, day) for name, by in decided_by.items()}
        bundle = parse_manifest(manifest, "manifest.toml").bundle(now // _MS_PER_S, decisions)
        signed = sign_models(bundle, self.keys.keys(tenant).bundle_seed)
        detail: dict[str, object] = {"models": sorted(bundle.models), "signed_off": decided_by}
        with self.units.begin(tenant) as unit:
            unit.hq.audit(AuditEntry(who, "models.sign", str(bundle.version), detail), now)
        return SignedModels(bundle, signed)
