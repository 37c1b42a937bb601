"""SMS for trying things out: the message stands on the terminal of whoever runs the cloud.

Settings refuse it as soon as the cloud can be reached from elsewhere.
"""

from typing import TextIO

from cloud_broker.ports.sms import SmsMessage
from retail_core.identity.naming import mask_phone


class ScreenSms:
    """Fulfils `SmsSender`; the number is masked here too."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def send(self, message: SmsMessage) -> None:
        """Write the message."""
        self._out.write(f"SMS {mask_phone(message.phone)}: {message.text}\n")
        self._out.flush()
