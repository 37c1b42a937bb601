"""Writes a link on the tag that lies on the reader, or says what stands there; for technicians."""

import time
from collections.abc import Callable, Generator

from edge_agent.drivers.nfc_pcsc.frames import (
    CardRefusedError,
    TagContent,
    converse,
    read_tag,
    write_tag,
)
from edge_agent.drivers.nfc_pcsc.ndef import uri_message
from edge_agent.drivers.nfc_pcsc.transport import CardLeftError, PcscError, PcscSession, Session
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

LOOK_MS = 250


class TagDesk:
    """One reader and the tag on it; every call waits for a tag for a while."""

    def __init__(
        self, reader: str = "", *, wait_s: float, connect: Callable[[], Session] = PcscSession
    ) -> None:
        self._wanted = reader
        self._wait_s = wait_s
        self._connect = connect

    def show(self) -> TagContent:
        """Return what stands on the tag; Faults NFC_READER_GONE, NFC_NO_TAP, NFC_CARD_REMOVED."""
        return self._with_tag(read_tag)

    def write(self, uri: str) -> TagContent:
        """Write a link and return what then stands there; also Fault NFC_TAG_LOCKED."""
        return self._with_tag(lambda: write_tag(uri_message(uri)))

    def _with_tag(self, dialogue: Callable[[], Generator[bytes, bytes, TagContent]]) -> TagContent:
        try:
            session = self._connect()
        except PcscError:
            raise Fault(FaultCode.NFC_READER_GONE) from None
        try:
            with session.open(self._reader_with_tag(session)) as link:
                return converse(dialogue(), link.transmit)
        except PcscError:
            raise Fault(FaultCode.NFC_READER_GONE) from None
        except CardLeftError:
            raise Fault(FaultCode.NFC_CARD_REMOVED) from None
        except (CardRefusedError, ValueError) as error:
            raise Fault(FaultCode.NFC_TAG_LOCKED, detail=str(error)) from None
        finally:
            session.close()

    def _reader_with_tag(self, session: Session) -> str:
        until = time.monotonic() + self._wait_s
        while time.monotonic() < until:
            readers = tuple(name for name in session.readers() if self._wanted in name)
            for presence in session.wait(readers, timeout_ms=LOOK_MS):
                if presence.present:
                    return presence.reader
        raise Fault(FaultCode.NFC_NO_TAP)
