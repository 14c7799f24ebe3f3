"""When a delivery was given up: a digest tells of those that were since the one before.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

from monitor.storage.types import UtcDateTime

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.add_column(sa.Column('failed_at', UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.drop_column('failed_at')
