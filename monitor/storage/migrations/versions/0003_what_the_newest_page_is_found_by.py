"""What the newest page of a search is found by: marks in the index of words, matches of a topic by article.

Revision: 0003, after 0002
"""

from alembic import op

from monitor.storage.search_index import rebuild_index

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('matches', schema=None) as batch_op:
        batch_op.create_index('ix_matches_topic_id_article_id_score', ['topic_id', 'article_id', 'score'], unique=False)
    rebuild_index(op.get_bind())


def downgrade() -> None:
    with op.batch_alter_table('matches', schema=None) as batch_op:
        batch_op.drop_index('ix_matches_topic_id_article_id_score')
