"""What most polls change, in columns of its own: a poll that found nothing new leaves the rest of its feed's state alone.

Workers of the version before go on with the state as it was; whichever wrote it last is believed.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

from monitor.storage.types import UtcDateTime

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.add_column('feeds', sa.Column('item_hashes', sa.Text(), nullable=False, server_default=''))
    op.add_column('feeds', sa.Column('interval_seconds', NUMBER, nullable=True))
    op.add_column('feeds', sa.Column('not_modified', NUMBER, nullable=False, server_default='0'))
    op.add_column('feeds', sa.Column('last_body_at', UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('feeds') as table:
        for name in ('last_body_at', 'not_modified', 'interval_seconds', 'item_hashes'):
            table.drop_column(name)
