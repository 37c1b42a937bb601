"""Faults of collection, connectors and imports: block E from 130."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.COLLECT_UNREADABLE: FaultSpec(
        "input", 400, "发来的内容不是可读的 JSON", "what was sent is no readable JSON"
    ),
    FaultCode.COLLECT_TOO_LARGE: FaultSpec(
        "input",
        400,
        "一次最多 {limit_bytes} 字节,请分批发送",
        "a call holds at most {limit_bytes} bytes; send it in parts",
    ),
    FaultCode.COLLECT_KEY_WRONG: FaultSpec(
        "auth",
        401,
        "写入密钥不对或已停用;用 cloud-broker collect key 换一把",
        "the write key is wrong or has ended; cloud-broker collect key makes another",
    ),
    FaultCode.COLLECT_ORIGIN_REFUSED: FaultSpec(
        "auth",
        403,
        "这把密钥不收来自 {origin} 的网页;在数据源里登记这个来源",
        "this key takes nothing from pages of {origin}; enter that origin at its source",
    ),
    FaultCode.COLLECT_KIND: FaultSpec(
        "input",
        422,
        "没有「{kind}」这种消息;有 track identify alias group page screen",
        "there is no message of kind {kind}; there are track identify alias group page screen",
    ),
    FaultCode.COLLECT_NOBODY: FaultSpec(
        "input",
        422,
        "没有 userId 也没有 anonymousId,不知道说的是谁",
        "neither userId nor anonymousId says whom it is about",
    ),
    FaultCode.COLLECT_LACKS: FaultSpec("input", 422, "缺少 {field}", "{field} is missing"),
    FaultCode.COLLECT_SHAPE: FaultSpec(
        "input", 422, "{field} 的类型或长度不对", "{field} has the wrong type or length"
    ),
    FaultCode.COLLECT_TIME: FaultSpec(
        "input", 422, "读不出时间,或太久以前:{value}", "{value} is no time, or too long ago"
    ),
    FaultCode.COLLECT_EVENT_TOO_LARGE: FaultSpec(
        "input",
        422,
        "一批里的一条超过 {limit_bytes} 字节",
        "a message of the batch is longer than {limit_bytes} bytes",
    ),
    FaultCode.CONNECTOR_SIGNATURE: FaultSpec(
        "auth",
        401,
        "签名不对:核对数据源里的密钥,并原样转发正文",
        "the signature is wrong: compare the source's secret, and hand the body on untouched",
    ),
    FaultCode.CONNECTOR_LATE: FaultSpec(
        "auth",
        401,
        "这条推送的时间离现在超过 {minutes} 分钟,不收(防重放)",
        "this push is dated more than {minutes} minutes from now and is not taken (replay)",
    ),
    FaultCode.CONNECTOR_SHAPE: FaultSpec(
        "input", 422, "订单里的 {field} 读不出来", "{field} of the order cannot be read"
    ),
    FaultCode.CHANNEL_ORDER_CONFLICT: FaultSpec(
        "conflict",
        409,
        "订单 {order} 的版本 {version} 以前来过,内容不同;先来的算数",
        "version {version} of order {order} came before with other content; the first one counts",
    ),
    FaultCode.SOURCE_UNKNOWN: FaultSpec(
        "input",
        404,
        "没有数据源 {source};cloud-broker collect sources 列出全部",
        "there is no source {source}; cloud-broker collect sources lists them",
    ),
    FaultCode.SOURCE_INVALID: FaultSpec(
        "input", 422, "数据源的 {field} 不对:{reason}", "{field} of the source is wrong: {reason}"
    ),
    FaultCode.IMPORT_COLUMNS: FaultSpec(
        "input",
        422,
        "认不出这些列:{missing}。文件里有:{found}。用 --mapping 写明",
        "columns not found: {missing}. The file has: {found}. Name them with --mapping",
    ),
    FaultCode.IMPORT_ROW: FaultSpec(
        "input", 422, "第 {row} 行的 {column} 不对:{value}", "row {row}: {column} is wrong: {value}"
    ),
    FaultCode.IMPORT_UNKNOWN: FaultSpec(
        "input",
        404,
        "没有导入 {import_id};cloud-broker import list 列出全部",
        "there is no import {import_id}; cloud-broker import list shows them",
    ),
    FaultCode.IMPORT_BUSY: FaultSpec(
        "conflict",
        409,
        "同一个文件正由另一个进程导入",
        "another process is importing the same file",
        retryable=True,
    ),
    FaultCode.IMPORT_TOTALS: FaultSpec(
        "conflict",
        409,
        "对不上:{what} 应为 {expected},实为 {found}",
        "totals differ: {what} should be {expected} and is {found}",
    ),
    FaultCode.IMPORT_ENDED: FaultSpec(
        "conflict", 409, "这次导入已经{state}", "this import is {state} already"
    ),
    FaultCode.IMPORT_MAPPING: FaultSpec(
        "input", 422, "映射文件不对:{reason}", "the mapping file is wrong: {reason}"
    ),
    FaultCode.REPLAY_FROM: FaultSpec(
        "input",
        422,
        "起点不对:{value};写时间(2026-11-01T00:00:00Z)或上次打印的位置",
        "{value} is no start; give a time (2026-11-01T00:00:00Z) or a position printed before",
    ),
    FaultCode.IMPORT_CARD_TAKEN: FaultSpec(
        "conflict",
        409,
        "第 {row} 行的卡已经是别的会员的",
        "the card of row {row} is another member's already",
    ),
}
