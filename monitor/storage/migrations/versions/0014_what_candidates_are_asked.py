"""What the candidates of a search are asked, beside their ids: PostgreSQL visits a page of the table for each, else.

SQLite's rows lie in the order of their ids, so it needs none. Made in some three seconds for a million articles, while
what is stored waits.

Revision: 0014, after 0013
"""

from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

# an index alone answers only for pages that were vacuumed since they were written to: a fiftieth more articles, and
# not a fifth, is when that is done
_MADE = (
    "CREATE INDEX IF NOT EXISTS ix_articles_asked ON articles (id) INCLUDE (story_id, published_at, source, access)",
    "ALTER TABLE articles SET (autovacuum_vacuum_insert_scale_factor = 0.02)",
)
_GONE = (
    "DROP INDEX IF EXISTS ix_articles_asked",
    "ALTER TABLE articles RESET (autovacuum_vacuum_insert_scale_factor)",
)


def upgrade() -> None:
    _run(_MADE)


def downgrade() -> None:
    _run(_GONE)


def _run(statements: tuple[str, ...]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in statements:
            op.execute(statement)
