"""Documents in memory; copies in and out, as a file would make them."""

from copy import deepcopy


class FakeDocuments:
    """Fulfils `Documents`."""

    def __init__(self) -> None:
        self._documents: dict[str, dict[str, object]] = {}

    def get(self, name: str) -> dict[str, object] | None:
        return deepcopy(self._documents.get(name))

    def put(self, name: str, document: dict[str, object]) -> None:
        self._documents[name] = deepcopy(document)

    def delete(self, name: str) -> bool:
        return self._documents.pop(name, None) is not None

    def close(self) -> None:
        """Nothing is open."""
