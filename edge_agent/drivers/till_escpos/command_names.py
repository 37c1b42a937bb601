"""What commands are for, in two languages, for the technician who looks at a till's bytes."""

from collections.abc import Mapping

from edge_agent.drivers.till_escpos.frames import Command, Control, CutOff, Payload, Token, Unknown

_INTRODUCED = {0x1B: "ESC", 0x1D: "GS", 0x1C: "FS", 0x10: "DLE"}
_CONTROLS: Mapping[int, tuple[str, str, str]] = {
    0x0A: ("LF", "换行", "line feed"),
    0x0D: ("CR", "回车", "carriage return"),
    0x09: ("HT", "跳到下一栏", "next tab stop"),
    0x0C: ("FF", "印出这一页", "print the page"),
    0x00: ("NUL", "空", "nothing"),
}
_COMMANDS: Mapping[bytes, tuple[str, str]] = {
    b"\x1b@": ("恢复初始设置", "initialise"),
    b"\x1ba": ("对齐", "alignment"),
    b"\x1b!": ("字体样式", "print mode"),
    b"\x1bE": ("加粗", "bold"),
    b"\x1b-": ("下划线", "underline"),
    b"\x1bM": ("字体", "font"),
    b"\x1bt": ("代码页", "code page"),
    b"\x1bR": ("国家字符", "national letters"),
    b"\x1bD": ("制表位", "tab stops"),
    b"\x1b$": ("移到这一列", "move to a column"),
    b"\x1b\\": ("向右移", "move aside"),
    b"\x1b2": ("默认行距", "usual line spacing"),
    b"\x1b3": ("行距", "line spacing"),
    b"\x1bd": ("走纸几行", "feed lines"),
    b"\x1bJ": ("走纸", "feed"),
    b"\x1bp": ("开钱箱", "open the drawer"),
    b"\x1bL": ("页模式", "page mode"),
    b"\x1bi": ("切纸", "cut"),
    b"\x1bm": ("切纸", "cut"),
    b"\x1b*": ("图像", "picture"),
    b"\x1dV": ("切纸", "cut"),
    b"\x1d!": ("字号", "letter size"),
    b"\x1dB": ("反白", "white on black"),
    b"\x1dL": ("左边距", "left margin"),
    b"\x1dW": ("打印宽度", "width"),
    b"\x1dk": ("条码", "bar code"),
    b"\x1dh": ("条码高度", "bar code's height"),
    b"\x1dw": ("条码宽度", "bar code's width"),
    b"\x1dH": ("条码文字", "bar code's digits"),
    b"\x1dv": ("光栅图像", "raster picture"),
    b"\x1da": ("自动回报状态", "status by itself"),
    b"\x1dr": ("询问状态", "asks for the status"),
    b"\x1d(": ("扩展:二维码、图像", "codes and pictures"),
    b"\x1c&": ("进入中文", "Chinese on"),
    b"\x1c.": ("退出中文", "Chinese off"),
    b"\x1c!": ("中文样式", "Chinese print mode"),
    b"\x1cp": ("印存好的图像", "stored picture"),
    b"\x10\x04": ("实时询问状态", "asks for the status now"),
    b"\x10\x14": ("实时开钱箱", "opens the drawer now"),
}
_PRINTABLE = range(0x21, 0x7F)
_OTHER = ("已知命令", "a known command")


def named(token: Token) -> tuple[str, str, str]:
    """Return a token's short name and what it is for, in Chinese and English."""
    match token:
        case Control(raw):
            return _CONTROLS.get(raw[0], (f"{raw[0]:02X}", "控制字符", "control"))
        case Command(code):
            return _short(code), *_COMMANDS.get(code, _OTHER)
        case Payload():
            return "…", "图像数据", "picture data"
        case Unknown(raw):
            return _short(raw), "不认识的命令", "not known"
        case CutOff(raw):
            return _short(raw[:2]), "命令没有传完", "broke off"
        case _:
            return "", "文字", "text"


def _short(code: bytes) -> str:
    lead = _INTRODUCED.get(code[0], f"{code[0]:02X}")
    rest = (chr(byte) if byte in _PRINTABLE else f"{byte:02X}" for byte in code[1:2])
    return " ".join((lead, *rest))
