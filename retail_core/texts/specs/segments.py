"""Segments: block E from 195."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.SEGMENT_SHAPE: FaultSpec(
        "input",
        422,
        "客群条件的 {at} 写得不对,这里应是:{wanted}",
        "{at} of the segment is not right; here it takes: {wanted}",
    ),
    FaultCode.SEGMENT_TAG: FaultSpec(
        "input",
        422,
        "客群条件 {at}:标签目录里没有 {tag}",
        "{at} of the segment: the catalogue has no tag {tag}",
    ),
    FaultCode.SEGMENT_SENSITIVE: FaultSpec(
        "input",
        422,
        "客群条件 {at}:{tag} 是本人单独同意的敏感标签,不能用来圈人",
        "{at} of the segment: {tag} is sensitive and agreed to separately; it picks nobody out",
    ),
    FaultCode.SEGMENT_LONG: FaultSpec(
        "input",
        422,
        "客群条件 {what} 太长或太深,最多 {limit}",
        "{what} of the segment is too long or too deep; {limit} at most",
    ),
    FaultCode.SEGMENT_NAME: FaultSpec(
        "conflict",
        409,
        "已经有一个客群叫「{name}」",
        "a segment is called {name} already",
    ),
    FaultCode.SEGMENT_STALE: FaultSpec(
        "conflict",
        409,
        "客群的第 {version} 版已被别人改过;看过新的再改",
        "version {version} of the segment was changed by somebody; look at it, then change it",
    ),
    FaultCode.SEGMENT_ENDED: FaultSpec(
        "conflict",
        409,
        "客群「{name}」已经结束",
        "the segment {name} was ended",
    ),
}
