"""The installation's secret key: configured, else made once and kept in the database."""

from __future__ import annotations

import secrets

from sqlalchemy.orm import Session

from monitor.storage.dossiers import get_setting
from monitor.storage.inserting import insert_new
from monitor.storage.tables import Setting

KEY = "secret_key"


def secret_key(session: Session, configured: str | None = None) -> str:
    """The configured key, else the one that was made at its first use; in a session that only reads, "" until then."""
    if configured:
        return configured
    known = get_setting(session, KEY)
    if known is None and session.get_bind().get_execution_options().get("veille_write"):
        row = {"key": KEY, "value": {"key": secrets.token_urlsafe(32)}}
        insert_new(session, Setting.__table__, [row], [Setting.key])  # type: ignore[arg-type]
        known = get_setting(session, KEY)
    return str(known["key"]) if known else ""
