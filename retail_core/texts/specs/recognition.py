"""Faults of recognition: block R (1xx face, 2xx code, 3xx card, 4xx camera)."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
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
    FaultCode.FACE_COVERED: FaultSpec(
        "device",
        422,
        "请露出整张脸(口罩、手、围巾)",
        "show the whole face (mask, hand, scarf)",
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
    FaultCode.FACE_TURN_NEEDED: FaultSpec(
        "auth",
        403,
        "请先转头确认,或出示会员码、会员卡",
        "confirm by turning the head first, or show the member code or card",
    ),
    FaultCode.FACE_TURN_BUSY: FaultSpec(
        "conflict", 409, "正在确认另一位顾客", "another customer is being confirmed"
    ),
    FaultCode.FACE_TURN_TIMEOUT: FaultSpec(
        "device", 422, "没有等到转头,请再试一次", "no turn in time; try again"
    ),
    FaultCode.FACE_TURN_WRONG_WAY: FaultSpec(
        "device", 422, "转的方向或时机不对,请按提示转头", "turn the way and when the screen says"
    ),
    FaultCode.FACE_TURN_JUMP: FaultSpec(
        "device", 422, "动得太快,请慢慢转头", "too fast; turn slowly"
    ),
    FaultCode.FACE_TURN_FLAT: FaultSpec(
        "device",
        422,
        "看起来像照片,请本人转头,或出示会员码",
        "this looks like a picture; turn the head in person, or show the member code",
    ),
    FaultCode.FACE_TURN_OTHER: FaultSpec(
        "device",
        422,
        "转头时换了人,请本人再来一次",
        "somebody else came into view during the turn; try again",
    ),
    FaultCode.FACE_TURN_LOST: FaultSpec(
        "device",
        422,
        "中途没有看到一张清楚的脸,请再来一次",
        "one face was not in view all the time; try again",
    ),
    FaultCode.FACE_TURN_LOCKED: FaultSpec(
        "auth",
        423,
        "试的次数太多,请出示会员码或会员卡",
        "too many tries; show the member code or card",
    ),
    FaultCode.FACE_TURN_CANCELLED: FaultSpec(
        "conflict", 409, "转头确认已取消", "the confirmation was cancelled"
    ),
    FaultCode.FACE_TURN_NOBODY: FaultSpec(
        "input",
        422,
        "这里没有靠人脸认出的顾客",
        "nobody was recognised by face at this till",
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
    FaultCode.QR_DIGITS_UNKNOWN: FaultSpec(
        "auth",
        422,
        "本店不认识这个数字码,请出示完整会员码",
        "no member held here has this number; show the full code",
    ),
    FaultCode.QR_DIGITS_WRONG: FaultSpec(
        "auth",
        422,
        "数字码不对或已过期,请刷新",
        "the number is wrong or has expired; refresh it",
    ),
    FaultCode.QR_USED_ELSEWHERE: FaultSpec(
        "conflict",
        409,
        "同一个会员码在两家店用过",
        "one member code was used in two stores",
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
    FaultCode.NFC_UID_RANDOM: FaultSpec(
        "input",
        422,
        "这张卡的号码每次都不同,不能当会员卡",
        "this chip's number changes or is shared; it cannot be a member card",
    ),
    FaultCode.NFC_TAG_SIGNATURE: FaultSpec(
        "auth",
        422,
        "标签签名不对,或被搬到了别的芯片上",
        "the tag's signature is wrong, or it was moved to another chip",
    ),
    FaultCode.NFC_TAG_LOCKED: FaultSpec(
        "input",
        422,
        "标签写不进去:{detail}",
        "the tag cannot be written: {detail}",
    ),
    FaultCode.NFC_CARD_SUSPECT: FaultSpec(
        "auth",
        409,
        "会员卡可能被复制:计数倒退,请收回并换卡",
        "the card may have been cloned: its counter stepped back; take it in and issue another",
    ),
    FaultCode.MODEL_BUNDLE_OLDER: FaultSpec(
        "auth",
        409,
        "模型包 {version} 比已用过的 {held} 旧,不采用",
        "model bundle {version} is older than {held}, which was in use; it is not taken",
    ),
    FaultCode.MODEL_UPDATE_REFUSED: FaultSpec(
        "setup",
        409,
        "新模型包 {version} 没有通过检查({reason}),继续用原来的",
        "the new model bundle {version} did not pass ({reason}); the one in use goes on",
    ),
    FaultCode.MODEL_FILE_WRONG: FaultSpec(
        "setup",
        409,
        "模型文件 {name} 与清单不符",
        "the model file {name} is not the one the bundle names",
    ),
    FaultCode.MODEL_VERSION_TAKEN: FaultSpec(
        "conflict",
        409,
        "已发布过模型包 {held},新的版本号要更大",
        "model bundle {held} is published already; a new one needs a higher version",
    ),
    FaultCode.CAMERA_OPEN: FaultSpec(
        "device", 503, "摄像头 {source} 打不开", "camera {source} cannot be opened", retryable=True
    ),
    FaultCode.CAMERA_STALLED: FaultSpec(
        "device", 503, "摄像头没有新画面", "the camera delivers no frames", retryable=True
    ),
    FaultCode.CHECKIN_LANE_UNKNOWN: FaultSpec(
        "input", 404, "没有这个收银台", "there is no such lane"
    ),
    FaultCode.CHECKIN_STORE_OFFLINE: FaultSpec(
        "network",
        503,
        "这家店暂时连不上云端,请出示会员码",
        "this shop is offline just now; please show the member code",
        retryable=True,
    ),
    FaultCode.CHECKIN_LANE_BUSY: FaultSpec(
        "conflict",
        409,
        "柜台正在为另一位顾客服务,请稍等或出示会员码",
        "the counter is serving somebody else; wait a moment or show the member code",
        retryable=True,
    ),
    FaultCode.CHECKIN_EXPIRED: FaultSpec(
        "input",
        410,
        "这次签到已过期,请再点一次",
        "this check-in has expired; tap again",
        retryable=True,
    ),
}
