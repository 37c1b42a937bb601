"""Whether the printer can print, from the answers that pass by on their way to the till.

We never ask: the till would hear an answer to a question it did not put. Formats: Epson's DLE EOT n
and GS r n (one byte each) and Automatic Status Back (four bytes).
"""

from collections import deque

from edge_agent.drivers.till_escpos.frames import Command, Token

_REAL_TIME, _TRANSMIT = b"\x10\x04", b"\x1dr"
_FIXED, _FIXED_DLE, _FIXED_ASB, _NOT_GS_R = 0x93, 0x12, 0x10, 0x90
_QUESTIONS_MAX = 16
_ASB_BYTES = 4
# Question → bits of its answer that mean: nothing is printed now.
_STOPPED = {1: 0x08, 2: 0x24, 3: 0x68, 4: 0x60}
_PAPER_END_GS_R = 0x0C
_GS_R_PAPER = frozenset({1, 49})
_ASB_OFFLINE, _ASB_PAPER_END = 0x28, 0x0C


class PrinterStatus:
    """Follows questions and answers; a printer that is never asked is taken to be well.

    DLE EOT is answered ahead of what waits, GS r in its turn, and each answer shows which it is. A
    question that is put again was not answered, nor was any before it.
    """

    def __init__(self) -> None:
        self._asked: dict[bytes, deque[int]] = {
            code: deque(maxlen=_QUESTIONS_MAX) for code in (_REAL_TIME, _TRANSMIT)
        }
        self._stopped: dict[str, bool] = {}
        self._packet = b""

    def asked(self, token: Token) -> None:
        """Note a question of the till."""
        if isinstance(token, Command) and token.code in self._asked and token.args:
            waiting = self._asked[token.code]
            if token.args[0] in waiting:
                waiting.clear()
            waiting.append(token.args[0])

    def answered(self, data: bytes) -> None:
        """Note bytes of the printer."""
        for value in data:
            if self._packet or value & _FIXED == _FIXED_ASB:
                self._packet += bytes((value,))
                if len(self._packet) == _ASB_BYTES:
                    self._status_back(self._packet)
                    self._packet = b""
            elif value & _FIXED == _FIXED_DLE:
                self._answer(_REAL_TIME, value)
            elif not value & _NOT_GS_R:
                self._answer(_TRANSMIT, value)

    @property
    def can_print(self) -> bool:
        """False while the last answers said paper out, cover open, off-line or broken."""
        return not any(self._stopped.values())

    def _answer(self, code: bytes, value: int) -> None:
        if not self._asked[code]:
            return
        which = self._asked[code].popleft()
        if code == _TRANSMIT:
            if which in _GS_R_PAPER:
                self._stopped["gs-r"] = bool(value & _PAPER_END_GS_R)
        else:
            self._stopped[f"dle-{which}"] = bool(value & _STOPPED.get(which, 0))

    def _status_back(self, packet: bytes) -> None:
        self._stopped["asb"] = bool(packet[0] & _ASB_OFFLINE or packet[2] & _ASB_PAPER_END)
