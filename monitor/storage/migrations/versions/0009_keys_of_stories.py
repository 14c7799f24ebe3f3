"""Keys by which an article's story is found: a fifth of the rows that its sketch took, and none that many articles have.

Workers of the version before go on with `sketches`; what they stored is still found there, and pruning empties it.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'story_keys',
        sa.Column('hash', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
        sa.Column(
            'article_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False
        ),
        sa.PrimaryKeyConstraint('hash', 'article_id', name=op.f('pk_story_keys')),
        sqlite_with_rowid=False,
    )
    op.create_index('ix_story_keys_article_id', 'story_keys', ['article_id'])


def downgrade() -> None:
    op.drop_index('ix_story_keys_article_id', 'story_keys')
    op.drop_table('story_keys')
