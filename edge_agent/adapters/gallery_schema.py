"""The tables of the gallery's file: consents, the keys and templates that rest on them.

What the law asks for is a constraint here, not a habit of the code above: no template without a
standing consent to `face.local` of that very member, no such consent without age or guardian, and
a withdrawal takes templates and their key with it in its own transaction.
"""

import apsw

from edge_agent.adapters.sqlite_file import script

_KINDS = "'face.roaming', 'face.minor_guardian'"


def _walk_up_is_a_kind(connection: apsw.Connection) -> None:
    """Let the ledger take consents to `face.walk_up`.

    The check alone is written anew, as SQLite's manual has it for a constraint that is widened: a
    table built anew would lose what hangs on its rows.
    """
    version = connection.pragma("schema_version")
    connection.pragma("writable_schema", "ON")
    try:
        connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, ?, ?)"
            " WHERE type = 'table' AND name = 'consent'",
            (_KINDS, _KINDS.replace(",", ", 'face.walk_up',")),
        )
        connection.pragma("schema_version", version + 1)
    finally:
        connection.pragma("writable_schema", "RESET")


MIGRATIONS = (
    script(
        """
        CREATE TABLE template (
          template_id BLOB PRIMARY KEY,
          member_id BLOB NOT NULL,
          model_id TEXT NOT NULL,
          consent_event_id BLOB NOT NULL CHECK (length(consent_event_id) = 16),
          sealed BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX template_member ON template (member_id);
        CREATE INDEX template_model ON template (model_id);
        """
    ),
    script(
        """
        -- Templates of the first schema cannot show their consent: they go, members enrol again.
        DROP TABLE template;

        CREATE TABLE consent (
          n INTEGER PRIMARY KEY AUTOINCREMENT,
          consent_id BLOB NOT NULL UNIQUE CHECK (length(consent_id) = 16),
          member_id BLOB NOT NULL CHECK (length(member_id) = 16),
          kind TEXT NOT NULL CHECK (kind IN
            ('membership', 'face.local', 'face.roaming', 'face.minor_guardian', 'marketing')),
          given INTEGER NOT NULL CHECK (given IN (0, 1)),
          text_version TEXT NOT NULL,
          text_hash BLOB NOT NULL,
          language TEXT NOT NULL,
          channel TEXT NOT NULL,
          operator_id BLOB,
          till_id BLOB,
          wall_ms INTEGER NOT NULL,
          age TEXT NOT NULL CHECK (age IN ('', '14+', 'under14'))
        ) STRICT;
        CREATE INDEX consent_word ON consent (member_id, kind, n);
        CREATE VIEW word AS SELECT * FROM consent AS c WHERE c.n =
          (SELECT max(n) FROM consent AS d WHERE d.member_id = c.member_id AND d.kind = c.kind);
        CREATE TRIGGER consent_no_update BEFORE UPDATE ON consent
          BEGIN SELECT RAISE(ABORT, 'consent is append-only'); END;
        CREATE TRIGGER consent_no_delete BEFORE DELETE ON consent
          BEGIN SELECT RAISE(ABORT, 'consent is append-only'); END;
        CREATE TRIGGER consent_age BEFORE INSERT ON consent
          WHEN NEW.kind LIKE 'face.%' AND NEW.kind <> 'face.minor_guardian' AND NEW.given = 1
            AND NEW.age <> '14+' AND NOT EXISTS (SELECT 1 FROM word
              WHERE member_id = NEW.member_id AND kind = 'face.minor_guardian' AND given = 1)
          BEGIN SELECT RAISE(ABORT, 'no age and no guardian'); END;

        -- One row a member: her data key, wrapped. Without it nothing of hers opens, in no backup.
        CREATE TABLE holder (
          member_id BLOB PRIMARY KEY CHECK (length(member_id) = 16),
          consent_id BLOB NOT NULL REFERENCES consent (consent_id),
          wrapped BLOB NOT NULL,
          since_ms INTEGER NOT NULL,
          used_day INTEGER NOT NULL,
          expires_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER holder_needs_consent BEFORE INSERT ON holder
          WHEN NOT EXISTS (SELECT 1 FROM word WHERE consent_id = NEW.consent_id
            AND member_id = NEW.member_id AND kind = 'face.local' AND given = 1)
          BEGIN SELECT RAISE(ABORT, 'no standing consent'); END;
        CREATE TRIGGER holder_stays_hers BEFORE UPDATE OF member_id, consent_id ON holder
          BEGIN SELECT RAISE(ABORT, 'a holder is not handed on'); END;

        -- A key that rows still need cannot be destroyed, one that none needs can.
        CREATE TABLE rotation (epoch INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
        CREATE TABLE template (
          n INTEGER PRIMARY KEY,
          member_id BLOB NOT NULL REFERENCES holder (member_id) ON DELETE CASCADE,
          model_id TEXT NOT NULL,
          epoch INTEGER NOT NULL REFERENCES rotation (epoch),
          ids BLOB NOT NULL CHECK (length(ids) > 0 AND length(ids) % 16 = 0),
          sealed BLOB NOT NULL,
          UNIQUE (member_id, model_id)
        ) STRICT;
        CREATE INDEX template_model ON template (model_id);
        CREATE TRIGGER template_stays_hers BEFORE UPDATE OF member_id ON template
          BEGIN SELECT RAISE(ABORT, 'a template is not handed on'); END;

        CREATE TRIGGER withdrawal_erases AFTER INSERT ON consent
          WHEN NEW.given = 0 AND (NEW.kind IN ('face.local', 'membership') OR
            NEW.kind = 'face.minor_guardian' AND NOT EXISTS (SELECT 1 FROM word
              WHERE member_id = NEW.member_id AND kind = 'face.local' AND age = '14+'))
          BEGIN DELETE FROM holder WHERE member_id = NEW.member_id; END;

        CREATE TABLE erasure (
          n INTEGER PRIMARY KEY,
          erasure_id BLOB NOT NULL UNIQUE,
          member_id BLOB NOT NULL,
          template_ids BLOB NOT NULL,
          cause TEXT NOT NULL
            CHECK (cause IN ('withdrawn', 'gone', 'expired', 'unused', 're-enrolled')),
          wall_ms INTEGER NOT NULL,
          told INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX erasure_member ON erasure (member_id);

        -- Time as leases count it: it never jumps, and stands still only while the box is off.
        CREATE TABLE lease (
          one INTEGER PRIMARY KEY CHECK (one = 1), elapsed_ms INTEGER NOT NULL
        ) STRICT;
        INSERT INTO lease VALUES (1, 0);

        -- Small sealed things: the device's signing key, HQ's policy, how the lease's time stands.
        CREATE TABLE kept (name TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
        """
    ),
    script(
        """
        -- A word is kept for as long as anything rests on it, and three years of lease time more
        -- (1096 days): `ended` says since which day nothing does. Not sooner, whoever asks for it.
        CREATE TABLE departed (member_id BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
        CREATE TABLE ended (
          consent_id BLOB PRIMARY KEY REFERENCES consent (consent_id) ON DELETE CASCADE,
          day INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER ended_no_update BEFORE UPDATE ON ended
          BEGIN SELECT RAISE(ABORT, 'an end is not moved'); END;
        CREATE TRIGGER ended_today BEFORE INSERT ON ended
          WHEN NEW.day <> (SELECT elapsed_ms / 86400000 FROM lease)
          BEGIN SELECT RAISE(ABORT, 'an end is noted on its day'); END;

        CREATE VIEW live AS
          SELECT consent_id FROM word AS w WHERE given = 1 AND
            (kind LIKE 'face.%' AND EXISTS (SELECT 1 FROM holder WHERE member_id = w.member_id)
             OR kind NOT LIKE 'face.%'
               AND NOT EXISTS (SELECT 1 FROM departed WHERE member_id = w.member_id))
          UNION SELECT consent_id FROM holder;

        DROP TRIGGER consent_no_delete;
        CREATE TRIGGER consent_three_years BEFORE DELETE ON consent
          WHEN NOT EXISTS (SELECT 1 FROM ended AS e, lease AS l WHERE e.consent_id = OLD.consent_id
              AND l.elapsed_ms / 86400000 - e.day >= 1096)
            OR OLD.consent_id IN live
          BEGIN SELECT RAISE(ABORT, 'a consent is kept for three years after its end'); END;
        -- A yes must not come back because the no after it went first.
        CREATE TRIGGER consent_oldest_first BEFORE DELETE ON consent
          WHEN EXISTS (SELECT 1 FROM consent
            WHERE member_id = OLD.member_id AND kind = OLD.kind AND n < OLD.n)
          BEGIN SELECT RAISE(ABORT, 'the oldest word goes first'); END;
        """
    ),
    _walk_up_is_a_kind,
)
