"""The manifest that lies beside the models."""

from pathlib import Path

from retail_core.errors import Fault
from retail_core.identity.model_manifest import MANIFEST_FILE, Manifest, parse_manifest
from retail_core.texts.faults import FaultCode


def read_manifest(models_dir: Path) -> Manifest:
    """Read and check the manifest; Faults MODEL_MISSING, SETUP_CONFIG_INVALID."""
    path = models_dir / MANIFEST_FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise Fault(FaultCode.MODEL_MISSING, name=MANIFEST_FILE) from error
    return parse_manifest(content, str(path))
