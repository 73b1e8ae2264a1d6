"""The tables of a study's database. Times are seconds since 1970 (UTC)."""

from sqlalchemy import DDL, JSON, Column, Float, Integer, MetaData, String, Table, UniqueConstraint, event

metadata = MetaData()

#: One row: the plan that all answers belong to.
studies = Table(
    "study",
    metadata,
    Column("plan", String(64), primary_key=True),
    Column("title", String(400), nullable=False),
    Column("created", Float, nullable=False),
)

#: One row per reading that was answered, never changed. ``nonce`` tells a repeated request from a second answer.
answers = Table(
    "answers",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("reader", String(40), nullable=False),
    Column("reading", String(16), nullable=False),
    Column("values", JSON, nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("shown", Float, nullable=False),
    Column("answered", Float, nullable=False),
    Column("active_seconds", Float, nullable=False),
    Column("paused_seconds", Float, nullable=False),
    Column("front_end", String(20), nullable=False),
    UniqueConstraint("reader", "reading"),
)

#: The clock of every reading that was shown: looked at until ``marked``, and since then if ``running``.
clocks = Table(
    "clocks",
    metadata,
    Column("reader", String(40), primary_key=True),
    Column("reading", String(16), primary_key=True),
    Column("shown", Float, nullable=False),
    Column("marked", Float, nullable=False),
    Column("running", Integer, nullable=False),
    Column("active_seconds", Float, nullable=False),
    Column("paused_seconds", Float, nullable=False),
)

#: Everything that happened, in its order.
audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("time", Float, nullable=False),
    Column("reader", String(40), nullable=False),
    Column("event", String(40), nullable=False),
    Column("reading", String(16), nullable=False),
    Column("detail", String(400), nullable=False),
)

#: Raised where somebody tries to change what only grows; ``%%`` because SQLAlchemy fills in ``%``.
_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION reader_study_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the table %% only grows', TG_TABLE_NAME; END $$",
    "CREATE TRIGGER {name}_only_grows BEFORE UPDATE OR DELETE ON {name} "
    "FOR EACH ROW EXECUTE FUNCTION reader_study_only_grows()",
)
_SQLITE = """
CREATE TRIGGER {name}_no_{action} BEFORE {action} ON {name}
BEGIN SELECT RAISE(ABORT, 'the table {name} only grows'); END
"""


def _lock(table: Table) -> None:
    """Let the database itself refuse to change or delete rows of a table."""
    locks = [("sqlite", _SQLITE.format(name=table.name, action=action)) for action in ("UPDATE", "DELETE")]
    locks += [("postgresql", text.format(name=table.name)) for text in _POSTGRESQL]
    for dialect, text in locks:
        event.listen(table, "after_create", DDL(text).execute_if(dialect=dialect))


for _table in (answers, audit):
    _lock(_table)
