"""Which models this box may use: those that HQ signed, as HQ described them."""

from pathlib import Path

from edge_agent.drivers.face_onnx.manifest import read_manifest
from edge_agent.drivers.face_onnx.shelf import BUNDLE_FILE, ModelShelf, Trusted, newest
from retail_core.errors import Fault
from retail_core.identity.model_card import open_models
from retail_core.texts.faults import FaultCode


def trusted_models(
    models_dir: Path, bundle: Path | None, public_key: bytes, shelf: ModelShelf, *, production: bool
) -> Trusted:
    """Return the newest that HQ signed, of the file and of what the cloud sent.

    Out of production the manifest stands in for a bundle not there. A bundle that is there is
    checked always. Faults MODEL_BUNDLE_MISSING, MODEL_BUNDLE_INVALID, MODEL_BUNDLE_OLDER.
    """
    path = bundle or models_dir / BUNDLE_FILE
    sent = shelf.current()
    lying: Trusted | None = None
    try:
        signed = path.read_bytes()
        lying = Trusted(models_dir, open_models(signed, public_key), signed)
    except OSError:
        if sent is None and (production or bundle is not None):
            raise Fault(FaultCode.MODEL_BUNDLE_MISSING, path=str(path)) from None
    except Fault:
        if sent is None:
            raise
    best = newest((sent, lying), shelf.floor())
    return best or Trusted(models_dir, read_manifest(models_dir).bundle(0, {}), None)
