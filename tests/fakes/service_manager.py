"""A service manager that remembers what it was told."""


class FakeServiceManager:
    """Fulfils `ServiceManager`."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []

    @property
    def every_s(self) -> float:
        return 0.5

    def tell(self, **said: str) -> None:
        self.heard.append({name: " ".join(text.split()) for name, text in said.items()})
