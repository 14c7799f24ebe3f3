"""Why a stored article was judged as it was, by the rules in force. Nothing is written."""

from __future__ import annotations

from pathlib import Path

from monitor.domain.explaining import Explanation, explanation
from monitor.domain.topics import parse_dossier
from monitor.errors import NotFoundError
from monitor.steps.rematching import model_in_force
from monitor.storage.dossiers import dossiers_in_force
from monitor.storage.engine import Store
from monitor.storage.stored import stored_article


def explain_article(store: Store, article_id: int, slug: str, cache_dir: Path | None = None) -> Explanation:
    """Judge a stored article once more with the dossier in force. Raises `NotFoundError` for either."""
    with store.read() as session:
        article = stored_article(session, article_id)
        text = next((row.text for row in dossiers_in_force(session) if row.slug == slug), None)
    if article is None:
        raise NotFoundError(f"no article {article_id}")
    if text is None:
        raise NotFoundError(f"no dossier in force is called {slug}")
    dossier = parse_dossier(text, slug, model=model_in_force(store, slug))
    return explanation(dossier, article.document, cache_dir)
