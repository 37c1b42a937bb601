"""What devices and their states are called, where a sentence about a box names them."""

from collections.abc import Mapping

from retail_core.texts.words import Words

_DEVICES = {
    "camera": Words("the camera", "摄像头"),
    "face": Words("face recognition", "人脸识别"),
    "qr": Words("the code camera", "扫码"),
    "nfc": Words("the card reader", "读卡器"),
    "till_tap": Words("the receipt line", "小票机"),
    "framed_till": Words("the till's own line", "收银机的问答线"),
    "till_software": Words("the till's software", "收银软件"),
    "display": Words("the customer display", "顾客显示屏"),
    "scanner": Words("the scanner", "扫码枪"),
    "printer": Words("the printer", "打印机"),
    "walk_up": Words("the walk-up zone", "走近识别区"),
}
_STATES = {
    "gone": Words("gone", "不在"),
    "stalled": Words("no answer", "没有响应"),
    "starting": Words("starting", "启动中"),
    "off": Words("off", "未启用"),
}


def in_words(fields: Mapping[str, str]) -> dict[str, str]:
    """Return a finding's fields with words for a known device and state; the rest stays.

    A device of a shop with several counters is told with its lane, as in `camera@a`.
    """
    said = dict(fields)
    if "state" in said:
        said["state"] = _STATES.get(said["state"], said["state"])
    name, _, lane = said.get("device", "").partition("@")
    if name in _DEVICES:
        word = _DEVICES[name]
        said["device"] = Words(f"{word} ({lane})", f"{word.zh}({lane})") if lane else word
    return said
