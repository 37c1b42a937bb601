"""What may be tried to mend a box, by name: against which issues, and what it is called.

The box has the deeds and HQ the buttons; both read the names here. None of them touches money.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from retail_core.texts.faults import FaultCode

C = FaultCode


@dataclass(frozen=True, slots=True)
class KnownFixup:
    """The issues a fixup may mend, and its name in words; `devices`: only those of these kinds."""

    codes: frozenset[FaultCode]
    zh: str
    en: str
    devices: frozenset[str] = frozenset()

    def text(self, language: str) -> str:
        """Return what a button says."""
        return self.zh if language == "zh" else self.en


FIXUPS: Mapping[str, KnownFixup] = MappingProxyType(
    {
        "free-space": KnownFixup(
            frozenset({C.HEALTH_DISK_LOW}),
            "清理云端已收的旧账",
            "Let go of old records that the cloud has",
        ),
        "reopen-cameras": KnownFixup(
            frozenset({C.HEALTH_CAMERA_STALLS, C.HEALTH_DEVICE_AWAY}),
            "重开摄像头",
            "Open the cameras again",
            frozenset({"camera", "face", "qr"}),
        ),
        "restart-readers": KnownFixup(
            frozenset({C.HEALTH_READER_RESETS, C.HEALTH_DEVICE_AWAY}),
            "重启读卡器驱动",
            "Restart the card readers' driver",
            frozenset({"nfc"}),
        ),
        "send-again": KnownFixup(
            frozenset({C.HEALTH_QUEUE_OLD}),
            "重新上传没送到的账",
            "Send again what has not arrived",
        ),
        "read-time": KnownFixup(
            frozenset({C.HEALTH_CLOCK_UNKNOWN, C.HEALTH_CLOCK_OFF}),
            "重新对时",
            "Read the time again",
        ),
        "restart-program": KnownFixup(
            frozenset({C.HEALTH_PART_HUNG, C.HEALTH_MEMORY_LOW}),
            "重启盒子程序(几秒钟)",
            "Restart the box's program (some seconds)",
        ),
        "leave-safe-mode": KnownFixup(
            frozenset({C.HEALTH_SAFE_MODE}),
            "离开安全模式,重启盒子程序",
            "Leave safe mode and restart the box's program",
        ),
    }
)


def fixups_for(code: str, subject: str = "") -> tuple[str, ...]:
    """Return the names of what may mend an issue; `subject` is the device it is about."""
    kind = subject.partition("@")[0]
    return tuple(
        name
        for name, one in FIXUPS.items()
        if code in {each.value for each in one.codes}
        and (not kind or not one.devices or kind in one.devices)
    )
