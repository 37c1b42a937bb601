"""HQ signs the models its boxes may use, and who decided that their licences allow it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from cloud_broker.ports.catalogue import Document
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Unit, Units
from retail_core.errors import Fault
from retail_core.identity.model_card import ModelBundle, ModelCard, SignOff, sign_models
from retail_core.identity.model_manifest import parse_manifest
from retail_core.texts.faults import FaultCode

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
        made = self._signed(tenant, manifest, decided_by)
        with self.units.begin(tenant) as unit:
            self._audit(unit, "models.sign", made, decided_by, who)
        return made

    def publish(
        self,
        tenant: UUID,
        manifest: bytes,
        decided_by: dict[str, str],
        weights: Callable[[str], bytes],
        *,
        who: str,
    ) -> SignedModels:
        """Sign, and offer the bundle with its weights to every box; `weights` reads a file.

        Faults of `sign`, MODEL_FILE_WRONG, MODEL_VERSION_TAKEN.
        """
        made = self._signed(tenant, manifest, decided_by)
        document = Document(
            "models", made.bundle.version, sha256(made.signed).digest(), made.signed
        )
        named = {card.sha256: card for card in made.bundle.models.values()}
        with self.units.begin(tenant) as unit:
            held = unit.catalogue.model_files(named)
            files = {one: _proven(named[one], weights) for one in named.keys() - held}
            unit.catalogue.add_models(document, files, who)
            self._audit(unit, "models.publish", made, decided_by, who)
            unit.announce(LiveEvent(tenant, frozenset({"published"})))
        return made

    def _signed(self, tenant: UUID, manifest: bytes, decided_by: dict[str, str]) -> SignedModels:
        now = self.clock.now_ms()
        day = datetime.fromtimestamp(now / _MS_PER_S, UTC).date().isoformat()
        decisions = {name: SignOff(by, day) for name, by in decided_by.items()}
        # The version is the second of the signature: no counter to keep, and it only rises.
        bundle = parse_manifest(manifest, "manifest.toml").bundle(now // _MS_PER_S, decisions)
        return SignedModels(bundle, sign_models(bundle, self.keys.keys(tenant).bundle_seed))

    def _audit(
        self, unit: Unit, action: str, made: SignedModels, decided_by: dict[str, str], who: str
    ) -> None:
        models = sorted(made.bundle.models)
        detail: dict[str, object] = {"models": models, "signed_off": decided_by}
        entry = AuditEntry(who, action, str(made.bundle.version), detail)
        unit.hq.audit(entry, self.clock.now_ms())


def _proven(card: ModelCard, weights: Callable[[str], bytes]) -> bytes:
    content = weights(card.file)
    if len(content) != card.size or sha256(content).hexdigest() != card.sha256:
        raise Fault(FaultCode.MODEL_FILE_WRONG, name=card.file)
    return content
