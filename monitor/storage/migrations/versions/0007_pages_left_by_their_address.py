"""Pages that were left because they hold no topic's word, by their address: another feed's entry may lead to one.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

SKIPPED = sa.text("outcome = 'skipped'")


def upgrade() -> None:
    # PostgreSQL's usual index takes no value over 2.7 kB, and an address may have four
    op.create_index(
        'ix_entries_skipped_link',
        'entries',
        ['link'],
        postgresql_using='hash',
        sqlite_where=SKIPPED,
        postgresql_where=SKIPPED,
    )


def downgrade() -> None:
    op.drop_index('ix_entries_skipped_link', 'entries')
