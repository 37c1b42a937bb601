"""The one exception of the product: a numbered fault with fields, never a finished sentence."""

from collections.abc import Callable

from retail_core.texts.faults import FAULTS, FaultCode, FaultSpec


class Fault(Exception):
    """A fault of the catalogue; `fields` fill the zh and en texts (`{name}` placeholders)."""

    def __init__(self, code: FaultCode, /, **fields: object) -> None:
        super().__init__(code, fields)
        self.code = code
        self.fields = fields

    @property
    def spec(self) -> FaultSpec:
        """The catalogue's entry: category, retryable, HTTP status, texts."""
        return FAULTS[self.code]

    def text(self, language: str = "zh") -> str:
        """Return the sentence for a person in `zh` or `en`."""
        if language == "en":
            return self.spec.en.format_map(_Missing(self.fields))
        in_zh = {name: getattr(value, "zh", value) for name, value in self.fields.items()}
        return self.spec.zh.format_map(_Missing(in_zh))

    def __reduce__(self) -> tuple[Callable[..., "Fault"], tuple[FaultCode, dict[str, object]]]:
        # Faults cross process borders: the camera and its readers run in processes of their own.
        return _rebuild, (self.code, self.fields)

    def __str__(self) -> str:
        return f"{self.code.value} {self.text('en')}"


def _rebuild(code: FaultCode, fields: dict[str, object]) -> Fault:
    return Fault(code, **fields)


class _Missing(dict[str, object]):
    """Keeps a text readable when a field was not given."""

    def __missing__(self, key: str) -> str:
        return "?"
