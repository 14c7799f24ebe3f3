"""What digests and pruning look for: entries by when they were read and unread ones, edits and alerts by time.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

UNREAD = sa.text('outcome IS NULL')


def upgrade() -> None:
    op.create_index('ix_entries_read_at', 'entries', ['read_at'])
    op.create_index('ix_entries_unread', 'entries', ['id'], sqlite_where=UNREAD, postgresql_where=UNREAD)
    op.create_index('ix_revisions_replaced_at', 'revisions', ['replaced_at'])
    op.create_index('ix_alerts_updated_at', 'alerts', ['updated_at'])
    op.create_index('ix_alerts_snoozed_until', 'alerts', ['snoozed_until'])


def downgrade() -> None:
    op.drop_index('ix_alerts_snoozed_until', 'alerts')
    op.drop_index('ix_alerts_updated_at', 'alerts')
    op.drop_index('ix_revisions_replaced_at', 'revisions')
    op.drop_index('ix_entries_unread', 'entries')
    op.drop_index('ix_entries_read_at', 'entries')
