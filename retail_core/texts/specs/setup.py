"""Faults of installation, files, models and disks: blocks C, D, I, M."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.CATALOGUE_HEADER: FaultSpec(
        "input", 422, "表里缺少列:{named}", "the file lacks columns: {named}"
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
    FaultCode.DISK_RESERVE_GONE: FaultSpec(
        "storage",
        507,
        "磁盘满了,留给收银的备用空间也用完了:这笔没有存下,请按非会员收银并马上叫技术员",
        "the disk is full and the room kept for sales is used up: this was not stored; sell without"
        " the box and call the technician now",
    ),
    FaultCode.DISK_ON_RESERVE: FaultSpec(
        "storage",
        507,
        "磁盘快满了,正在用留给收银的备用空间,请清理磁盘",
        "the disk is nearly full and the room kept for sales is in use; clear the disk",
        retryable=True,
    ),
    FaultCode.JOURNAL_SET_BACK: FaultSpec(
        "conflict",
        409,
        "本机账本比封条记下的旧(存储卡或文件被还原):已另起一段,核销等云端认可,照常收银",
        "the journal here is older than its seal says (card or file set back): a new epoch began,"
        " redeeming waits for the cloud, selling goes on",
    ),
    FaultCode.JOURNAL_SEAL_GONE: FaultSpec(
        "storage",
        500,
        "账本的封条读不出或不见了,已重新封上;这一次无法判断账本是否被还原",
        "the journal's seal is gone or cannot be read and was made anew; whether the journal was"
        " set back cannot be told this time",
    ),
    FaultCode.TELEMETRY_DROPPED: FaultSpec(
        "storage",
        507,
        "磁盘满,运行统计先等着,太多就丢最旧的(不含任何销售)",
        "the disk is full: telemetry waits, and the oldest of too much is dropped (nothing of any"
        " sale)",
        retryable=True,
    ),
    FaultCode.JOURNAL_UNSENT: FaultSpec(
        "storage",
        500,
        "账本里有 {count} 条读不出({seqs}),没有上传,其余照常:留着这张卡,请联系技术支持抢救",
        "{count} journal records cannot be read ({seqs}) and were not sent, the rest was: keep this"
        " card and ask support to rescue them",
    ),
    FaultCode.DEBUG_DROPPED: FaultSpec(
        "storage",
        507,
        "线路断着,调试用的计数太多,丢了最旧的(不含任何销售)",
        "the line is cut and too many counts for debugging wait: the oldest were dropped (nothing"
        " of any sale)",
        retryable=True,
    ),
    FaultCode.DISK_MODELS: FaultSpec(
        "storage",
        507,
        "新模型存不下或写不进({reason}),继续用原来的",
        "the new models could not be stored ({reason}); those in use go on",
        retryable=True,
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
    FaultCode.SETUP_STORE_THERE: FaultSpec(
        "setup",
        409,
        "门店“{store}”已经建好,什么也没有改;给它的盒子开码:"
        "cloud-broker enrol-code --store {store},换机加 --replace",
        "the store “{store}” is entered already, nothing was changed; a code for its box:"
        " cloud-broker enrol-code --store {store}, with --replace for another box",
    ),
    FaultCode.SETUP_TENANT_THERE: FaultSpec(
        "setup",
        409,
        "短名“{slug}”已经有企业在用,什么也没有改;另取一个",
        "the short name “{slug}” is taken by a company already, nothing was changed;"
        " choose another",
    ),
    FaultCode.PROVISION_NO_QR: FaultSpec(
        "setup",
        422,
        "照片里没找到开通用的二维码:拍近些、拍正、别反光,或照着填",
        "there is no QR code of an enrolment in the picture: go nearer, hold it straight, avoid"
        " glare, or type what it says",
    ),
    FaultCode.PROVISION_PAGE_OVER: FaultSpec(
        "setup",
        503,
        "半小时没有人用手机开通,那一页关了;要继续就再运行一次",
        "nobody provisioned by phone within half an hour and the page was closed; run it again",
    ),
    FaultCode.CRL_ENDS: FaultSpec(
        "setup",
        409,
        "吊销名单 {what} 到 {until} 为止,没有换上新的;过了以后哪台盒子也连不进来:看手册“证书”",
        "the list of revoked boxes {what} ends on {until} and no newer one was put in place; after"
        " that no box gets in: see the runbook on certificates",
    ),
    FaultCode.CRL_CANARY: FaultSpec(
        "auth",
        409,
        "{what} 放进了一张已经吊销的证书:它没有读吊销名单;马上重启它,看手册“证书”",
        "{what} let in a certificate that is revoked: it does not heed the list; restart it at"
        " once, see the runbook on certificates",
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
    FaultCode.SETUP_LANES_TWICE: FaultSpec(
        "setup",
        500,
        "配置里有 [[lanes]],就不能再写 [{section}]:放进各通道里",
        "the configuration has [[lanes]], so [{section}] goes into each of them, not beside them",
    ),
    FaultCode.SETUP_LANE_TILL_UNKNOWN: FaultSpec(
        "setup",
        500,
        "通道 {lane} 里的收银机 {till} 不是这台盒子的,或不止一台叫这个名字",
        "lane {lane} names till {till}, which is not exactly one till of this box",
    ),
    FaultCode.SETUP_TILL_WITHOUT_LANE: FaultSpec(
        "setup", 500, "收银机 {till} 不在任何通道里", "till {till} stands in no lane"
    ),
    FaultCode.SETUP_TILL_IN_TWO_LANES: FaultSpec(
        "setup",
        500,
        "收银机 {till} 同时在几条通道里:{lanes}",
        "till {till} stands in several lanes: {lanes}",
    ),
    FaultCode.SETUP_LANES_SHARE: FaultSpec(
        "setup",
        500,
        "通道 {lanes} 用了同一个设备:{device}",
        "lanes {lanes} use the same device: {device}",
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
    FaultCode.MODEL_BUNDLE_MISSING: FaultSpec(
        "setup",
        500,
        "没有总部签名的模型包 {path},人脸识别关闭",
        "no model bundle signed by HQ at {path}; face recognition is off",
    ),
    FaultCode.MODEL_BUNDLE_INVALID: FaultSpec(
        "setup",
        500,
        "模型包不可信({reason}),人脸识别关闭",
        "the model bundle cannot be trusted ({reason}); face recognition is off",
    ),
    FaultCode.MODEL_CRASHED: FaultSpec(
        "setup",
        500,
        "模型自检时进程崩溃({how}),人脸识别关闭,请用会员码或卡",
        "the models' self-test died ({how}); face recognition is off, use code or card",
    ),
    FaultCode.MODEL_HANGS: FaultSpec(
        "setup",
        500,
        "模型自检 {seconds} 秒没有结束,人脸识别关闭,请用会员码或卡",
        "the models' self-test took over {seconds} s; face recognition is off, use code or card",
    ),
    FaultCode.MODEL_ANSWERS_WRONG: FaultSpec(
        "setup",
        500,
        "模型 {name} 在这台机器上算错,人脸识别关闭,请用会员码或卡",
        "model {name} computes wrongly here; face recognition is off, use code or card",
    ),
    FaultCode.MODEL_STARTING: FaultSpec(
        "setup",
        503,
        "人脸识别正在自检,请先用会员码或卡",
        "face recognition is being tested; use code or card meanwhile",
        retryable=True,
    ),
    FaultCode.MODEL_NOT_SIGNED_OFF: FaultSpec(
        "setup",
        500,
        "模型 {name} 的许可还没有经总部确认",
        "nobody at HQ has signed off the licence of model {name}",
    ),
    FaultCode.MODEL_TARGET_MISSED: FaultSpec(
        "setup",
        500,
        "本店人脸太多,误认率目标不再有保证",
        "too many faces for the targeted rate of mistaken strangers",
    ),
    FaultCode.BOX_SYSTEM_UNFIT: FaultSpec(
        "setup",
        409,
        "安装包给 {bundle},这台是 {here};系统要 bookworm 或 trixie 的 64 位",
        "the bundle is for {bundle}, this machine is {here}; a 64-bit bookworm or trixie is needed",
    ),
    FaultCode.BOX_NEEDS_ROOT: FaultSpec(
        "setup", 403, "要用 root:前面加 sudo", "root is needed: put sudo in front"
    ),
    FaultCode.BOX_BUNDLE_DAMAGED: FaultSpec(
        "setup",
        422,
        "安装包不完整或被改过,重新拷一份",
        "the bundle is damaged or was changed: copy it again",
    ),
    FaultCode.BOX_PACKAGES_MISSING: FaultSpec(
        "setup", 500, "缺少系统软件包:{names}", "system packages are missing: {names}"
    ),
    FaultCode.BOX_OPTION_UNKNOWN: FaultSpec(
        "input", 400, "不认识的选项:{option}", "unknown option: {option}"
    ),
    FaultCode.BOX_NOT_INSTALLED: FaultSpec(
        "setup", 404, "这里没有装过", "nothing is installed here"
    ),
    FaultCode.WHEELS_PLATFORM: FaultSpec(
        "input",
        400,
        "不认识的平台 {found},例如 linux-aarch64-cp311",
        "{found} is no platform; one is linux-aarch64-cp311",
    ),
    FaultCode.WHEELS_MISSING: FaultSpec(
        "setup",
        404,
        "{platform} 还缺这些包:{names}。没有现成的就编译一次:tools/native_wheels.sh",
        "{platform} still lacks: {names}. What has no wheel is compiled once:"
        " tools/native_wheels.sh",
    ),
    FaultCode.WHEELS_WRONG: FaultSpec(
        "setup",
        422,
        "{name} 的校验和与锁文件不符,未使用",
        "{name} has another checksum than the lock and was not used",
    ),
    FaultCode.WHEELS_LOCK: FaultSpec(
        "setup",
        422,
        "锁文件里 {name} 写了两次或没有校验和",
        "the lock names {name} twice or without a checksum",
    ),
}
