"""What may be certified, and what an expired certificate's key may still ask for."""

from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from retail_core import limits
from retail_core.errors import Fault
from retail_core.fleet.box_identity import BoxName, late_words, read_uri
from retail_core.texts.faults import FaultCode


def key_of(request: bytes) -> ec.EllipticCurvePublicKey:
    """Return the key a DER request proves to hold; Fault ENROL_CSR_REFUSED.

    Nothing else of the request is looked at: who it is for stands in our own records.
    """
    if len(request) > limits.CERTIFICATE_BYTES_MAX:
        raise Fault(FaultCode.ENROL_CSR_REFUSED, reason="too long")
    try:
        asked = x509.load_der_x509_csr(request)
        key = asked.public_key()
        proved = asked.is_signature_valid
    except Exception:  # noqa: BLE001 -- the parser says no in many types, some of them its own
        raise Fault(FaultCode.ENROL_CSR_REFUSED, reason="not a PKCS#10 request") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Fault(FaultCode.ENROL_CSR_REFUSED, reason="P-256 only")
    if not proved:
        raise Fault(FaultCode.ENROL_CSR_REFUSED, reason="signature")
    return key


def named_in(certificate: bytes) -> BoxName | None:
    """Return whom a DER certificate names; None for any that is not shaped as ours are."""
    try:
        found = x509.load_der_x509_certificate(certificate)
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    except (ValueError, x509.ExtensionNotFound):
        return None
    return read_uri(uris[0]) if len(uris) == 1 else None


def key_hash(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return the SHA-256 of a public key, by which it is known again."""
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def signed_late(certificate: bytes, request: bytes, signature: bytes) -> bool:
    """Return whether the key of a certificate of ours signed this request."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    words = late_words(request, sha256(certificate).digest())
    try:
        key.verify(signature, words, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
