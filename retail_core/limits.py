"""Every bound of the product in one place; both ends of a wire check the same number."""

# wire
FRAME_EVENTS_MAX = 256
FRAME_BYTES_MAX = 256 * 1024
BODY_BYTES_MAX = FRAME_BYTES_MAX - 1024  # one event always fits a frame
FRAME_ZSTD_FROM_EVENTS = 8
FRAME_BYTES_FEW = 16 * 1024  # as far as a frame shrinks on a thin line
FRAME_BYTES_LIVE = 16 * 1024  # plain and no longer: a frame of sales made now
ACK_RANGES_MAX = 256
CHANGES_PER_FRAME_MAX = 256
SHARDS = 64
INGEST_WORKERS_MAX = 16  # each with an account of its own at every broker

# sync
FRAMES_IN_FLIGHT = 3  # of backlog two; the last is kept for a sale made now
RESEND_AFTER_MS = 1_500
RESEND_BACKLOG_AFTER_MS = 30_000  # it waits its turn among those of a thousand shops
RESEND_AFTER_MS_MAX = 30_000
# A thousand boxes lose one broker in the same instant. From half a second on, all of them would be
# back within the second in which it stands again; from four on never more than 400.
RECONNECT_BASE_MS = 4_000
RECONNECT_MAX_MS = 30_000
JOURNAL_KEEP_DAYS = 14
JOURNAL_KEEP_BYTES = 1 << 30  # of what the cloud has: fifty thousand sales a day for a fortnight
HEARTBEAT_MS = 15_000
HEARTBEAT_METERED_MS = 30_000
SOFTWARE_BORN_MS = 1_735_689_600_000  # 2025-01-01: no true time is earlier
TIME_ROUND_TRIP_MAX_MS = 2_000
# A box's certificate: ten days are left to renew it, and half a year after its end.
CERTIFICATE_LIFE_MS = 30 * 24 * 3_600 * 1_000
CERTIFICATE_RENEWAL_PERMILLE = 667
CERTIFICATE_LATE_MS = 180 * 24 * 3_600 * 1_000
CERTIFICATE_BYTES_MAX = 8 * 1024
ENROL_CODE_LIFE_MS = 10 * 60 * 1_000
PRESENCE_GRACE_MS = 45_000  # a line that was lost may come back, by its full jitter
PRESENCE_GONE_AFTER_MS = 75_000  # a cut line is told by its will, long before

# what a store's feed keeps, and whom its set
FEED_KEEP_DAYS = 30
FEED_KEEP_ROWS = 200_000
VISITOR_KEEP_DAYS = 180
VISITORS_MAX = 50_000  # of one store; beyond, who was away longest leaves

# snapshots of a store's members
SEGMENT_ROWS = 4_000
SEGMENT_BYTES_MAX = 8 * 1024 * 1024
SEGMENT_RAW_BYTES_MAX = 32 * 1024 * 1024
SNAPSHOT_SEGMENTS_MAX = 1_000
SNAPSHOT_PART_BYTES = 256 * 1024  # asked for at a time, so that the tills' changes are not kept

# a sale
LINES_MAX = 500
QTY_MILLI_MAX = 1_000_000_000
AMOUNT_FEN_MAX = 100_000_000_000
NAME_CHARS_MAX = 200
TENDERS_MAX = 16
BASKETS_OPEN_MAX = 20  # of one till
BASKETS_PARKED_MAX = 50  # of one lane

# pricing
OFFERS_MAX = 2_000  # also coupons, gifts, campaigns, restrictions, each
RULE_NAMES_MAX = 20_000  # articles, brands, stores … that one rule may name
BUNDLES_KEPT = 8  # earlier ones on a box, for the time until the newest begins
BUNDLE_BYTES_MAX = 16 * 1024 * 1024
BUNDLE_SLOTS_MAX = 8  # parts of a slot bundle
SOLVER_NODES_MAX = 100_000
SOLVER_STATES_MAX = 20_000  # of all offers on all units; more are left to the integer program
SOLVER_TERMS_MAX = 20_000  # of the integer program's long rows; more are not asked for
SOLVER_PRICES_MAX = 12  # of a unit of its own; of more the lowest count
SOLVER_GUARD_MS = 200
SOLVER_PATIENT_MS = 5_000  # from files nobody waits at a counter: a busy machine changes no answer

# local API
API_BODY_BYTES_MAX = 64 * 1024
ARCHIVE_BYTES_MAX = 4 * 1024 * 1024  # a box's diagnostics, packed
API_IMAGE_BYTES_MAX = 4 * 1024 * 1024
PIN_TRIES_MAX = 5
PIN_LOCK_MINUTES = 5
IDEMPOTENCY_DAYS = 7
TERMINALS_MAX = 32
DEVICE_CLAIMS_MAX = 32
HEALTH_ISSUES_MAX = 32
HEALTH_FIELDS_MAX = 8
FACES_HELD_MAX = 100_000  # as many as a search was measured with; the duty to file begins there
PAIRING_TRIES_MAX = 5
PAIRING_WINDOW_S = 600

# recognition
IDENTIFY_BUDGET_MS = 100
IDENTIFY_HARD_MS = 500
FACE_WIDTH_PX_MIN = 60
VOTE_FRAMES = 3
ENROL_FRAMES_MIN = 3
ENROL_FRAMES_MAX = 5
MEMBER_CODE_TTL_S_MAX = 120
CLOCK_SKEW_S_MAX = 30
FRAME_QUEUE_MAX = 2
REPLAY_CODES_MAX = 10_000
CARD_COUNTERS_MAX = 10_000
CARD_TAP_QUEUE_MAX = 4
NDEF_BYTES_MAX = 4_096

# till tap
RECEIPT_BYTES_MAX = 512 * 1024
RECEIPT_IDLE_MS = 1_500
RECEIPT_QUEUE_MAX = 64
DISPLAY_EVENT_QUEUE_MAX = 64
SCAN_EVENT_QUEUE_MAX = 64
COUNTER_EVENT_QUEUE_MAX = 64
RECEIPT_LINES_MAX = 1_000
RECEIPT_LINE_CHARS_MAX = 100
LEARN_SAMPLES_MIN = 3
LEARN_SAMPLES_MAX = 20
FRAMED_QUEUE_MAX = 64
FRAMED_FIELD_CHARS_MAX = 64
SOFTWARE_ANSWERS_MAX = 1_000  # of a till that calls out, kept by their sequence
SOFTWARE_PUSHES_MAX = 10_000  # points that wait for the till's own system

# leases: how slow a box's count of time may run, and what is under way when a lease ends
LEASE_DRIFT_PERMILLE = 2
LEASE_MARGIN_MS = 60_000
LEASE_SPENDS_MAX = 64
LEASES_TOLD_MAX = 1_000  # of a box to a restored cloud, in one request
RIGHTS_ASKED_MAX = 64

# tasks, the points mall
TASKS_MAX = 200
MALL_ITEMS_MAX = 500

# What a record tells a shop of one member.
MEMBER_COUPONS_MAX = 100
MEMBER_USES_MAX = 500
MEMBER_GIFTS_MAX = 50
MEMBER_TAGS_TOLD_MAX = 64
MEMBER_CALLS_MAX = 5

# Master data: rows and bytes of one file; prices of regions and stores that travel to the boxes.
MASTER_ROWS_MAX = 200_000
MASTER_BYTES_MAX = 32 * 1024 * 1024
PUBLISHED_PRICES_MAX = 500_000
CATALOGUE_DELTA_BYTES_MAX = 16 * 1024  # in an announcement that goes to every box
RECOMMENDED_MAX = 3

# Whoever stores so many persons' faces files that with the authorities; HQ is warned before.
FACE_FILING_AT = 100_000
FACE_FILING_WARNING = 80_000
