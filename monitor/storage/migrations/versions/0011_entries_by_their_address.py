"""Entries by their address, all of them: a feed that gives old items new guids is found out without a walk over its past.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

SKIPPED = sa.text("outcome = 'skipped'")


def upgrade() -> None:
    # PostgreSQL's usual index takes no value over 2.7 kB, and an address may have four
    op.create_index('ix_entries_link', 'entries', ['link'], postgresql_using='hash')
    op.drop_index('ix_entries_skipped_link', 'entries')


def downgrade() -> None:
    op.create_index(
        'ix_entries_skipped_link',
        'entries',
        ['link'],
        postgresql_using='hash',
        sqlite_where=SKIPPED,
        postgresql_where=SKIPPED,
    )
    op.drop_index('ix_entries_link', 'entries')
