"""Bring a database to the newest schema, or say where it stands."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

_HERE = Path(__file__).parent


def upgrade(url: str, to: str = "head") -> tuple[str | None, str]:
    """Run what is missing under the owner's URL; return the revisions (before, after)."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            return upgrade_within(connection, to)
    finally:
        engine.dispose()


def upgrade_within(connection: Connection, to: str = "head") -> tuple[str | None, str]:
    """Run what is missing in the caller's transaction; return the revisions (before, after)."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    before = current_within(connection)
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    return before, newest() if to == "head" else to


def current(url: str) -> str | None:
    """Return the revision a database stands at, None for an empty one."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return current_within(connection)
    finally:
        engine.dispose()


def current_within(connection: Connection) -> str | None:
    """Return the revision a database stands at, as the caller's transaction sees it."""
    return MigrationContext.configure(connection).get_current_revision()


def known(revision: str) -> bool:
    """Return whether this program can bring a database from a revision to the newest."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    return revision in {
        one.revision for one in ScriptDirectory.from_config(config).walk_revisions()
    }


def newest() -> str:
    """Return the revision this program wants."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    head = ScriptDirectory.from_config(config).get_current_head()
    if head is None:
        raise AssertionError
    return head
