"""Who started this program, wants to know how it is, and ends it when it hears nothing."""

from typing import Protocol


class ServiceManager(Protocol):
    """Told in the words of systemd: READY, STATUS, WATCHDOG, STOPPING."""

    @property
    def every_s(self) -> float:
        """How often it wants to hear."""
        ...

    def tell(self, **said: str) -> None:
        """Say something; never raises, a manager that does not listen is none."""
        ...
