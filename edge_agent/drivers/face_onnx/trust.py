"""Which models this box may use: those that HQ signed, as HQ described them."""

from pathlib import Path

from edge_agent.drivers.face_onnx.manifest import read_manifest
from retail_core.errors import Fault
from retail_core.identity.model_card import ModelBundle, open_models
from retail_core.texts.faults import FaultCode

BUNDLE_FILE = "bundle.signed"


def trusted_models(
    models_dir: Path, bundle: Path | None, public_key: bytes, *, production: bool
) -> ModelBundle:
    """Return what HQ signed; out of production the manifest stands in for a bundle not there.

    A bundle that is there is checked always. Faults MODEL_BUNDLE_MISSING, MODEL_BUNDLE_INVALID.
    """
    path = bundle or models_dir / BUNDLE_FILE
    try:
        return open_models(path.read_bytes(), public_key)
    except OSError:
        if production or bundle is not None:
            raise Fault(FaultCode.MODEL_BUNDLE_MISSING, path=str(path)) from None
    return read_manifest(models_dir).bundle(0, {})
