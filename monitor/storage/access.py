"""Named queries on who may come in (tokens, users, sessions) and on saved searches. Secrets come here as hashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from monitor.errors import NotFoundError
from monitor.storage.inserting import insert_new
from monitor.storage.tables_web import SavedSearch, Token, User, WebSession


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token without its secret; `noun` and `question` are set for feeds."""

    id: int
    name: str
    scope: str
    noun: str
    question: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionRow:
    id: int
    who: str
    csrf: str


@dataclass(frozen=True, slots=True)
class SavedRow:
    id: int
    name: str
    noun: str
    question: str
    who: str
    created_at: datetime


def add_token(
    session: Session,
    *,
    name: str,
    hashed: str,
    scope: str,
    now: datetime,
    expires_at: datetime | None,
    noun: str = "",
    question: str = "",
) -> int:
    token = Token(
        name=name, hash=hashed, scope=scope, noun=noun, question=question, created_at=now, expires_at=expires_at
    )
    session.add(token)
    session.flush()
    return token.id


def _token_row(token: Token) -> TokenRow:
    return TokenRow(
        token.id,
        token.name,
        token.scope,
        token.noun,
        token.question,
        token.created_at,
        token.expires_at,
        token.revoked_at,
    )


def valid_token(session: Session, hashed: str, now: datetime) -> TokenRow | None:
    """The token of this hash, unless it was revoked or its time is up."""
    token = session.scalar(
        select(Token).where(
            Token.hash == hashed, Token.revoked_at.is_(None), or_(Token.expires_at.is_(None), Token.expires_at > now)
        )
    )
    return _token_row(token) if token else None


def tokens(session: Session) -> list[TokenRow]:
    """All tokens, newest first, revoked ones too."""
    return [_token_row(token) for token in session.scalars(select(Token).order_by(Token.id.desc()))]


def revoke_token(session: Session, token_id: int, now: datetime) -> None:
    """Raises `NotFoundError`; a token revoked before stays as it is."""
    token = session.get(Token, token_id)
    if token is None:
        raise NotFoundError(f"no token has the id {token_id}")
    token.revoked_at = token.revoked_at or now


def password_of(session: Session, name: str) -> tuple[int, str] | None:
    """(id, argon2 hash) of a user who may sign in."""
    user = session.scalar(select(User).where(User.name == name, User.disabled_at.is_(None)))
    return (user.id, user.password) if user else None


def has_users(session: Session) -> bool:
    return session.scalar(select(User.id).where(User.disabled_at.is_(None)).limit(1)) is not None


def put_user(session: Session, name: str, password: str, now: datetime) -> None:
    """Add a user, or give one another password; their sessions end."""
    user = session.scalar(select(User).where(User.name == name))
    if user is None:
        session.add(User(name=name, password=password, created_at=now))
        return
    user.password, user.disabled_at = password, None
    _end_sessions(session, user.id, now)


def disable_user(session: Session, name: str, now: datetime) -> None:
    """The user can no longer sign in, and is signed out. Raises `NotFoundError`."""
    user = session.scalar(select(User).where(User.name == name))
    if user is None:
        raise NotFoundError(f"no user is called {name}")
    user.disabled_at = now
    _end_sessions(session, user.id, now)


def _end_sessions(session: Session, user_id: int, now: datetime) -> None:
    session.execute(
        update(WebSession)
        .where(WebSession.user_id == user_id, WebSession.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


def user_names(session: Session) -> list[tuple[str, bool]]:
    """(name, may sign in), by name."""
    return [(user.name, user.disabled_at is None) for user in session.scalars(select(User).order_by(User.name))]


def add_session(
    session: Session, *, hashed: str, csrf: str, who: str, user_id: int | None, now: datetime, expires_at: datetime
) -> None:
    """Open a session; those whose time was up long ago are forgotten on the way."""
    session.execute(delete(WebSession).where(WebSession.expires_at < now))
    session.add(WebSession(hash=hashed, csrf=csrf, who=who, user_id=user_id, created_at=now, expires_at=expires_at))


def valid_session(session: Session, hashed: str, now: datetime) -> SessionRow | None:
    row = session.scalar(
        select(WebSession).where(
            WebSession.hash == hashed, WebSession.revoked_at.is_(None), WebSession.expires_at > now
        )
    )
    return SessionRow(row.id, row.who, row.csrf) if row else None


def end_session(session: Session, hashed: str, now: datetime) -> None:
    session.execute(
        update(WebSession)
        .where(WebSession.hash == hashed, WebSession.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


def end_all_sessions(session: Session, now: datetime) -> int:
    """Sign everybody out; gives how many sessions were open."""
    changed = session.execute(
        update(WebSession)
        .where(WebSession.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]


def save_search(session: Session, *, name: str, noun: str, question: str, who: str, now: datetime) -> bool:
    """Save a search; false when the name is taken."""
    row = {"name": name, "noun": noun, "question": question, "who": who, "created_at": now}
    return bool(insert_new(session, SavedSearch.__table__, [row], [SavedSearch.id]))  # type: ignore[arg-type]


def saved_searches(session: Session) -> list[SavedRow]:
    """All saved searches, by name."""
    return [_saved(row) for row in session.scalars(select(SavedSearch).order_by(SavedSearch.name))]


def saved_search(session: Session, search_id: int) -> SavedRow:
    """Raises `NotFoundError`."""
    row = session.get(SavedSearch, search_id)
    if row is None:
        raise NotFoundError(f"no saved search has the id {search_id}")
    return _saved(row)


def forget_search(session: Session, search_id: int) -> None:
    """Raises `NotFoundError`."""
    row = session.get(SavedSearch, search_id)
    if row is None:
        raise NotFoundError(f"no saved search has the id {search_id}")
    session.delete(row)


def _saved(row: SavedSearch) -> SavedRow:
    return SavedRow(row.id, row.name, row.noun, row.question, row.who, row.created_at)
