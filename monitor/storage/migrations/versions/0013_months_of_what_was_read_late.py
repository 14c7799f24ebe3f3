"""Months beside the years by which the index of words knows what was read long after it was published.

Workers of the version before go on with years; what they store late is given its month by the next tick.

Revision: 0013, after 0012
"""

from alembic import op

from monitor.storage.search_index import mark_months

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    mark_months(op.get_bind(), marked=True)


def downgrade() -> None:
    mark_months(op.get_bind(), marked=False)
