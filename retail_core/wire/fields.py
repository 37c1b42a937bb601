"""The fields that messages are made of, with what a decoder refuses."""

from typing import Annotated

from msgspec import Meta

from retail_core import limits

# What a decoder refuses. Integers fit a signed 64-bit column, texts hold no NUL: a database takes
# every message that was decoded.
_INT64_MAX = (1 << 63) - 1
Id = Annotated[bytes, Meta(min_length=16, max_length=16)]
Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
Digest = Annotated[bytes, Meta(max_length=64)]
Text = Annotated[str, Meta(max_length=limits.NAME_CHARS_MAX, pattern=r"\A[^\x00]*\Z")]
# A sale has many texts and the pattern costs 0.7 us each: `checks.check_sale` sees to their NULs.
SaleText = Annotated[str, Meta(max_length=limits.NAME_CHARS_MAX)]
Count = Annotated[int, Meta(ge=0, le=_INT64_MAX)]
Seq = Annotated[int, Meta(ge=1, le=_INT64_MAX)]
Fen = Annotated[int, Meta(ge=-limits.AMOUNT_FEN_MAX, le=limits.AMOUNT_FEN_MAX)]
Qty = Annotated[int, Meta(ge=-limits.QTY_MILLI_MAX, le=limits.QTY_MILLI_MAX)]
Points = Fen
