"""Keys of twelve words by which an article's story is found: fewer than those of eight, and shared by fewer articles.

Workers of the version before go on with `story_keys`; what they stored is still found there, and pruning empties it.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'copy_keys',
        sa.Column('hash', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
        sa.Column(
            'article_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False
        ),
        sa.PrimaryKeyConstraint('hash', 'article_id', name=op.f('pk_copy_keys')),
        sqlite_with_rowid=False,
    )
    op.create_index('ix_copy_keys_article_id', 'copy_keys', ['article_id'])


def downgrade() -> None:
    op.drop_index('ix_copy_keys_article_id', 'copy_keys')
    op.drop_table('copy_keys')
