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

for _table in (answers, audit):
    for _action in ("UPDATE", "DELETE"):
        _lock = DDL(
            f"CREATE TRIGGER {_table.name}_no_{_action.lower()} BEFORE {_action} ON {_table.name} "
            f"BEGIN SELECT RAISE(ABORT, 'the table {_table.name} only grows'); END"
        )
        event.listen(_table, "after_create", _lock.execute_if(dialect="sqlite"))
