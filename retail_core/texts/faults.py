"""The fault catalogue: every code with its category, whether a retry can help, and both texts.

A code never changes its meaning; a retired code is not used again.
Blocks: A api, C catalogue, D disk, I installation, L ledger, M models, P pricing and sales,
R recognition (1xx face, 2xx QR, 3xx NFC, 4xx camera), S sync, T till taps, W wire.
"""

from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Literal

Category = Literal["input", "auth", "device", "storage", "network", "setup", "conflict", "internal"]


@unique
class FaultCode(StrEnum):
    """Stable numbers for logs, support calls and till developers."""

    API_TOKEN_MISSING = "A101"
    API_TOKEN_WRONG = "A102"
    API_ORIGIN_REFUSED = "A103"
    API_HOST_REFUSED = "A104"
    API_IDEMPOTENCY_KEY_MISSING = "A105"
    API_IDEMPOTENCY_KEY_REUSED = "A106"
    API_BODY_INVALID = "A107"
    API_NOT_FOUND = "A108"
    API_OPERATOR_LOCKED = "A109"
    API_OPERATOR_PIN_WRONG = "A110"
    API_SCOPE_MISSING = "A111"
    API_RATE_LIMITED = "A112"
    API_BODY_TOO_LARGE = "A113"
    API_METHOD_NOT_ALLOWED = "A114"
    API_MEDIA_TYPE = "A115"
    API_OPERATOR_NEEDED = "A116"
    API_LOGIN_WRONG = "A117"
    API_INTERNAL = "A199"
    CATALOGUE_HEADER = "C101"
    CATALOGUE_ROW = "C102"
    CATALOGUE_EMPTY = "C103"
    DISK_JOURNAL_CORRUPT = "D101"
    DISK_FULL = "D102"
    DISK_DOCUMENT_CORRUPT = "D103"
    DISK_KEY_WRONG = "D104"
    SETUP_PACKAGE_MISSING = "I101"
    SETUP_PORT_IN_USE = "I102"
    SETUP_BROKER_REFUSED = "I103"
    SETUP_DATABASE_START = "I104"
    SETUP_CONFIG_INVALID = "I105"
    SETUP_DOWNLOAD = "I106"
    SETUP_ASSET_HASH = "I107"
    LEDGER_KEY_CONFLICT = "L101"
    LEDGER_OVERDRAWN = "L102"
    MODEL_HASH = "M101"
    MODEL_MISSING = "M102"
    MODEL_SHAPE = "M103"
    SALE_EMPTY = "P101"
    SALE_QUANTITY = "P102"
    SALE_AMOUNT_NEGATIVE = "P103"
    SALE_ARTICLE_UNKNOWN = "P104"
    SALE_TENDER_MISMATCH = "P105"
    SALE_MEMBER_UNKNOWN = "P106"
    OFFER_INVALID = "P107"
    SALE_LINES = "P108"
    SALE_AMOUNT_TOO_LARGE = "P109"
    BUNDLE_MISSING = "P110"
    FACE_NONE = "R101"
    FACE_SEVERAL = "R102"
    FACE_SMALL = "R103"
    FACE_BLURRED = "R104"
    FACE_EXPOSURE = "R105"
    FACE_POSE = "R106"
    FACE_SPOOF_SUSPECTED = "R107"
    FACE_CONSENT_MISSING = "R108"
    FACE_IMAGE_BROKEN = "R109"
    FACE_DISABLED = "R110"
    FACE_TEMPLATE_MODEL = "R111"
    FACE_LOOKALIKE = "R112"
    QR_FOREIGN = "R201"
    QR_EXPIRED = "R202"
    QR_REPLAYED = "R203"
    QR_SIGNATURE = "R204"
    QR_KEY_UNKNOWN = "R205"
    QR_CLOCK_UNKNOWN = "R206"
    NFC_CARD_UNKNOWN = "R301"
    NFC_READER_GONE = "R302"
    NFC_CARD_FOREIGN = "R303"
    NFC_MAC = "R304"
    NFC_COUNTER_REPLAYED = "R305"
    NFC_CARD_REMOVED = "R306"
    NFC_CARD_TAKEN = "R307"
    NFC_NO_TAP = "R308"
    CAMERA_OPEN = "R401"
    CAMERA_STALLED = "R402"
    SYNC_GAP = "S101"
    SYNC_LINK_DOWN = "S102"
    SYNC_EVENT_REJECTED = "S103"
    SYNC_RECEIPT_TWICE = "S104"
    SYNC_PERSON_TWICE = "S105"
    TILL_PORT_OPEN = "T101"
    TILL_STREAM_TRUNCATED = "T102"
    TILL_RECEIPT_UNREADABLE = "T103"
    TILL_RECEIPT_RASTER = "T104"
    TILL_TOTAL_MISMATCH = "T105"
    TILL_PROFILE_INVALID = "T106"
    TILL_TAP_GONE = "T107"
    TILL_RECEIPT_REUSED = "T108"
    WIRE_MALFORMED = "W101"
    WIRE_VERSION = "W102"
    WIRE_TOO_LARGE = "W103"
    WIRE_SENDER_MISMATCH = "W104"
    WIRE_CHAIN_BROKEN = "W105"


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """One entry of the catalogue; `retryable`: the same request may succeed later."""

    category: Category
    http_status: int
    zh: str
    en: str
    retryable: bool = field(default=False, kw_only=True)


FAULTS: dict[FaultCode, FaultSpec] = {
    FaultCode.API_TOKEN_MISSING: FaultSpec(
        "auth",
        401,
        "请求没有带收银机令牌,请先配对",
        "the request carries no till token; pair the till first",
    ),
    FaultCode.API_TOKEN_WRONG: FaultSpec(
        "auth",
        401,
        "令牌无效或已停用,请重新配对",
        "the token is not valid or was revoked; pair again",
    ),
    FaultCode.API_ORIGIN_REFUSED: FaultSpec(
        "auth", 403, "来源 {origin} 不在允许名单内", "origin {origin} is not on the allow list"
    ),
    FaultCode.API_HOST_REFUSED: FaultSpec(
        "auth", 403, "主机名 {host} 不在允许名单内", "host {host} is not on the allow list"
    ),
    FaultCode.API_IDEMPOTENCY_KEY_MISSING: FaultSpec(
        "input",
        400,
        "写入请求必须带 Idempotency-Key",
        "a writing request must carry an Idempotency-Key",
    ),
    FaultCode.API_IDEMPOTENCY_KEY_REUSED: FaultSpec(
        "conflict",
        409,
        "同一个 Idempotency-Key 用在了不同的内容上",
        "the Idempotency-Key was used before with another body",
    ),
    FaultCode.API_BODY_INVALID: FaultSpec(
        "input", 422, "请求内容不符合接口:{detail}", "the body does not fit the interface: {detail}"
    ),
    FaultCode.API_NOT_FOUND: FaultSpec("input", 404, "没有找到 {what}", "{what} was not found"),
    FaultCode.API_OPERATOR_LOCKED: FaultSpec(
        "auth",
        423,
        "输错次数过多,{minutes} 分钟后再试",
        "too many wrong entries; try again in {minutes} minutes",
    ),
    FaultCode.API_OPERATOR_PIN_WRONG: FaultSpec(
        "auth", 401, "工号或 PIN 不对", "operator number or PIN is wrong"
    ),
    FaultCode.API_SCOPE_MISSING: FaultSpec(
        "auth", 403, "这个令牌不能做 {scope}", "this token may not {scope}"
    ),
    FaultCode.API_RATE_LIMITED: FaultSpec(
        "auth", 429, "请求太快,请稍后再试", "too many requests; slow down", retryable=True
    ),
    FaultCode.API_BODY_TOO_LARGE: FaultSpec(
        "input",
        413,
        "请求内容超过 {limit_bytes} 字节",
        "the body is larger than {limit_bytes} bytes",
    ),
    FaultCode.API_METHOD_NOT_ALLOWED: FaultSpec(
        "input", 405, "这个地址不支持该方法", "this address does not take that method"
    ),
    FaultCode.API_MEDIA_TYPE: FaultSpec(
        "input", 415, "请求内容必须是 application/json", "the body must be application/json"
    ),
    FaultCode.API_OPERATOR_NEEDED: FaultSpec(
        "auth",
        401,
        "请店员先用工号和 PIN 登录",
        "an operator must sign in with number and PIN first",
    ),
    FaultCode.API_LOGIN_WRONG: FaultSpec(
        "auth", 401, "用户名或密码不对", "the name or the password is wrong"
    ),
    FaultCode.API_INTERNAL: FaultSpec(
        "internal", 500, "内部故障,已记录编号 {ref}", "internal fault, recorded as {ref}"
    ),
    FaultCode.CATALOGUE_HEADER: FaultSpec(
        "input", 422, "商品表缺少列:{columns}", "the catalogue file lacks columns: {columns}"
    ),
    FaultCode.CATALOGUE_ROW: FaultSpec(
        "input", 422, "第 {row} 行 {column} 不对:{reason}", "row {row}, {column}: {reason}"
    ),
    FaultCode.CATALOGUE_EMPTY: FaultSpec(
        "input", 422, "商品表里没有一行能用", "the catalogue file holds no usable row"
    ),
    FaultCode.DISK_JOURNAL_CORRUPT: FaultSpec(
        "storage",
        500,
        "本店账本第 {seq} 条校验不符,已停止写入",
        "journal record {seq} fails its checksum; writing stopped",
    ),
    FaultCode.DISK_FULL: FaultSpec(
        "storage",
        507,
        "磁盘已满,这笔没有存下,请通知技术员",
        "the disk is full; this sale was not stored; call the technician",
    ),
    FaultCode.DISK_DOCUMENT_CORRUPT: FaultSpec(
        "storage",
        500,
        "配置文件 {name} 校验不符,已用上一份",
        "document {name} fails its checksum; the previous copy is used",
    ),
    FaultCode.DISK_KEY_WRONG: FaultSpec(
        "storage",
        500,
        "数据库密钥不对,这张卡可能来自别的机器",
        "the database key is wrong; this card may come from another box",
    ),
    FaultCode.SETUP_PACKAGE_MISSING: FaultSpec(
        "setup", 500, "缺少系统软件包:{packages}", "system packages are missing: {packages}"
    ),
    FaultCode.SETUP_PORT_IN_USE: FaultSpec(
        "setup", 500, "端口 {port} 已被占用", "port {port} is in use"
    ),
    FaultCode.SETUP_BROKER_REFUSED: FaultSpec(
        "network",
        503,
        "MQTT 服务器拒绝连接:{reason}",
        "the MQTT broker refused the connection: {reason}",
        retryable=True,
    ),
    FaultCode.SETUP_DATABASE_START: FaultSpec(
        "setup", 500, "数据库没有启动:{reason}", "the database did not start: {reason}"
    ),
    FaultCode.SETUP_CONFIG_INVALID: FaultSpec(
        "setup", 500, "配置 {path} 不对:{detail}", "configuration {path} is invalid: {detail}"
    ),
    FaultCode.SETUP_DOWNLOAD: FaultSpec(
        "setup",
        500,
        "下载 {package} 失败:{reason}",
        "{package} could not be downloaded: {reason}",
        retryable=True,
    ),
    FaultCode.SETUP_ASSET_HASH: FaultSpec(
        "setup",
        500,
        "页面文件 {name} 的校验和不符,未使用",
        "page asset {name} has the wrong checksum and was not used",
    ),
    FaultCode.LEDGER_KEY_CONFLICT: FaultSpec(
        "conflict", 409, "同一记账键已有不同内容", "the posting key exists with other content"
    ),
    FaultCode.LEDGER_OVERDRAWN: FaultSpec(
        "conflict",
        409,
        "积分不足:可用 {free},需要 {wanted}",
        "not enough points: {free} free, {wanted} wanted",
    ),
    FaultCode.MODEL_HASH: FaultSpec(
        "setup",
        500,
        "模型 {name} 的校验和不符,未加载",
        "model {name} has the wrong checksum and was not loaded",
    ),
    FaultCode.MODEL_MISSING: FaultSpec(
        "setup",
        500,
        "缺少模型 {name},请运行 make models",
        "model {name} is missing; run make models",
    ),
    FaultCode.MODEL_SHAPE: FaultSpec(
        "setup",
        500,
        "模型 {name} 的输入输出形状不对",
        "model {name} has unexpected input or output shapes",
    ),
    FaultCode.SALE_EMPTY: FaultSpec("input", 422, "这笔没有商品", "the sale has no lines"),
    FaultCode.SALE_QUANTITY: FaultSpec(
        "input", 422, "第 {line} 行数量不对", "line {line}: the quantity is not valid"
    ),
    FaultCode.SALE_AMOUNT_NEGATIVE: FaultSpec(
        "input", 422, "第 {line} 行金额不能为负", "line {line}: the amount may not be negative"
    ),
    FaultCode.SALE_ARTICLE_UNKNOWN: FaultSpec(
        "input",
        422,
        "没有商品 {sku},请给出收银机价格",
        "article {sku} is unknown; give the till's price",
    ),
    FaultCode.SALE_TENDER_MISMATCH: FaultSpec(
        "input",
        422,
        "收款 {tendered} 与应付 {due} 不符",
        "tendered {tendered} does not equal {due} due",
    ),
    FaultCode.SALE_MEMBER_UNKNOWN: FaultSpec(
        "input", 422, "没有这个会员", "there is no such member"
    ),
    FaultCode.OFFER_INVALID: FaultSpec(
        "input", 422, "优惠 {offer} 不对:{reason}", "offer {offer} is invalid: {reason}"
    ),
    FaultCode.SALE_LINES: FaultSpec(
        "input",
        422,
        "行数超过 {limit} 或行号重复",
        "more than {limit} lines, or a line number twice",
    ),
    FaultCode.SALE_AMOUNT_TOO_LARGE: FaultSpec(
        "input", 422, "金额超过上限 {limit} 分", "the amount exceeds {limit} fen"
    ),
    FaultCode.BUNDLE_MISSING: FaultSpec(
        "setup",
        503,
        "还没有收到优惠规则,按标价销售",
        "no rule bundle has arrived yet; shelf prices are charged",
        retryable=True,
    ),
    FaultCode.FACE_NONE: FaultSpec(
        "device", 422, "没有看到人脸,请看镜头", "no face in view; look at the camera"
    ),
    FaultCode.FACE_SEVERAL: FaultSpec(
        "device",
        422,
        "镜头里有 {count} 个人,请一位上前",
        "{count} faces in view; one person please",
    ),
    FaultCode.FACE_SMALL: FaultSpec("device", 422, "请靠近一点", "come a little closer"),
    FaultCode.FACE_BLURRED: FaultSpec(
        "device", 422, "画面模糊,请稍停一下", "the picture is blurred; hold still"
    ),
    FaultCode.FACE_EXPOSURE: FaultSpec("device", 422, "光线太暗或太亮", "too dark or too bright"),
    FaultCode.FACE_POSE: FaultSpec("device", 422, "请正对镜头", "face the camera"),
    FaultCode.FACE_SPOOF_SUSPECTED: FaultSpec(
        "device", 422, "请出示会员码", "please show the member code"
    ),
    FaultCode.FACE_CONSENT_MISSING: FaultSpec(
        "auth",
        403,
        "还没有本人对人脸识别的单独同意",
        "the member has not consented to face recognition",
    ),
    FaultCode.FACE_IMAGE_BROKEN: FaultSpec(
        "input", 422, "图片打不开", "the picture cannot be decoded"
    ),
    FaultCode.FACE_DISABLED: FaultSpec(
        "auth", 403, "本店没有开启人脸识别", "face recognition is off in this store"
    ),
    FaultCode.FACE_TEMPLATE_MODEL: FaultSpec(
        "conflict",
        409,
        "人脸模板来自另一个模型,请重新采集",
        "the template belongs to another model; enrol again",
    ),
    FaultCode.FACE_LOOKALIKE: FaultSpec(
        "conflict",
        409,
        "和另一位会员很像,请核对是不是同一个人",
        "very like another member; check whether it is the same person",
    ),
    FaultCode.QR_FOREIGN: FaultSpec("input", 422, "这不是会员码", "this is not a member code"),
    FaultCode.QR_EXPIRED: FaultSpec(
        "auth", 422, "会员码已过期,请刷新", "the member code has expired; refresh it"
    ),
    FaultCode.QR_REPLAYED: FaultSpec(
        "auth", 422, "会员码已用过,请刷新", "the member code was used before; refresh it"
    ),
    FaultCode.QR_SIGNATURE: FaultSpec(
        "auth", 422, "会员码签名不对", "the member code's signature is wrong"
    ),
    FaultCode.QR_KEY_UNKNOWN: FaultSpec(
        "auth",
        422,
        "本店还不认识这部手机,联网后再试",
        "this phone is not known here yet; try again online",
    ),
    FaultCode.QR_CLOCK_UNKNOWN: FaultSpec(
        "device",
        503,
        "本机时间未校准,暂不能用会员码",
        "the box's clock is not set; member codes cannot be checked",
        retryable=True,
    ),
    FaultCode.NFC_CARD_UNKNOWN: FaultSpec(
        "input", 422, "这张卡没有登记", "this card is not registered"
    ),
    FaultCode.NFC_READER_GONE: FaultSpec(
        "device", 503, "读卡器没有响应", "the card reader does not answer", retryable=True
    ),
    FaultCode.NFC_CARD_FOREIGN: FaultSpec(
        "input", 422, "这不是会员卡", "this is not a member card"
    ),
    FaultCode.NFC_MAC: FaultSpec(
        "auth", 422, "会员卡校验不通过", "the card's authentication code is wrong"
    ),
    FaultCode.NFC_COUNTER_REPLAYED: FaultSpec(
        "auth", 422, "会员卡读数重复,请重新刷卡", "the card's counter was seen before; tap again"
    ),
    FaultCode.NFC_CARD_REMOVED: FaultSpec(
        "device", 422, "卡移开太快,请再刷一次", "the card left too soon; tap again", retryable=True
    ),
    FaultCode.NFC_CARD_TAKEN: FaultSpec(
        "conflict", 409, "这张卡已经属于另一位会员", "this card belongs to another member"
    ),
    FaultCode.NFC_NO_TAP: FaultSpec(
        "device", 422, "没有等到卡,请再刷一次", "no card came in time; tap again", retryable=True
    ),
    FaultCode.CAMERA_OPEN: FaultSpec(
        "device", 503, "摄像头 {source} 打不开", "camera {source} cannot be opened", retryable=True
    ),
    FaultCode.CAMERA_STALLED: FaultSpec(
        "device", 503, "摄像头没有新画面", "the camera delivers no frames", retryable=True
    ),
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
    FaultCode.TILL_PORT_OPEN: FaultSpec(
        "device",
        503,
        "收银机端口 {port} 打不开",
        "till port {port} cannot be opened",
        retryable=True,
    ),
    FaultCode.TILL_STREAM_TRUNCATED: FaultSpec(
        "input", 422, "小票数据不完整", "the receipt's data is cut off"
    ),
    FaultCode.TILL_RECEIPT_UNREADABLE: FaultSpec(
        "input", 422, "小票认不出商品和合计", "no lines and total were found on the receipt"
    ),
    FaultCode.TILL_RECEIPT_RASTER: FaultSpec(
        "input", 422, "小票是图片,读不到文字", "the receipt is a picture; there is no text to read"
    ),
    FaultCode.TILL_TOTAL_MISMATCH: FaultSpec(
        "input",
        422,
        "小票各行之和 {lines} 与合计 {total} 不符",
        "receipt lines add up to {lines}, the total says {total}",
    ),
    FaultCode.TILL_PROFILE_INVALID: FaultSpec(
        "setup", 500, "设备配置 {path} 不对:{detail}", "device profile {path} is invalid: {detail}"
    ),
    FaultCode.TILL_RECEIPT_REUSED: FaultSpec(
        "conflict",
        409,
        "小票号当天已用过,内容不同,未入账",
        "the receipt's number was used today with other content; it was not booked",
    ),
    FaultCode.TILL_TAP_GONE: FaultSpec(
        "device",
        503,
        "打印线上读不到收银机,收银照常",
        "the tap on the printer line does not hear the till; the till sells on",
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
