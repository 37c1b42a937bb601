"""Faults of sync and of the wire: blocks S and W."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.SYNC_GAP: FaultSpec(
        "network",
        409,
        "云端变更缺了一段,正在补取",
        "changes from the cloud have a gap; fetching it",
        retryable=True,
    ),
    FaultCode.SYNC_LINK_DOWN: FaultSpec(
        "network",
        503,
        "云端暂时连不上,本店照常收银,积分稍后入账",
        "the cloud cannot be reached; the shop sells on, points follow",
        retryable=True,
    ),
    FaultCode.SYNC_EVENT_REJECTED: FaultSpec(
        "conflict",
        422,
        "云端没有接受第 {seq} 条,已放入待修复",
        "the cloud did not accept event {seq}; it waits for repair",
    ),
    FaultCode.SYNC_RECEIPT_TWICE: FaultSpec(
        "conflict",
        409,
        "小票 {number} 已经入账,这一份没有再记",
        "receipt {number} is booked already; this copy was not booked again",
    ),
    FaultCode.SYNC_PERSON_TWICE: FaultSpec(
        "conflict",
        409,
        "这个人可能已有会员:{other}",
        "this person may already be the member {other}",
    ),
    FaultCode.SHARD_SEAT_LOST: FaultSpec(
        "conflict",
        409,
        "入账进程停顿太久,它的分片已由别的进程接手,这一批没有入账",
        "this ingest worker paused for too long; others work its shards now, nothing was booked",
        retryable=True,
    ),
    FaultCode.SHARD_SEATS_TAKEN: FaultSpec(
        "conflict",
        503,
        "入账进程已有 {limit} 个,不能再加",
        "there are {limit} ingest workers already; no more can join",
        retryable=True,
    ),
    FaultCode.WIRE_MALFORMED: FaultSpec(
        "input", 400, "消息无法解析", "the message cannot be decoded"
    ),
    FaultCode.WIRE_VERSION: FaultSpec(
        "input", 400, "消息版本 {version} 不认识", "message version {version} is not known"
    ),
    FaultCode.WIRE_TOO_LARGE: FaultSpec(
        "input", 413, "消息超过 {limit} 字节", "the message exceeds {limit} bytes"
    ),
    FaultCode.WIRE_SENDER_MISMATCH: FaultSpec(
        "auth", 403, "消息里的设备与发送者不符", "the message names another device than its sender"
    ),
    FaultCode.WIRE_CHAIN_BROKEN: FaultSpec(
        "conflict", 409, "账本链在第 {seq} 条断开", "the journal's hash chain breaks at {seq}"
    ),
}
