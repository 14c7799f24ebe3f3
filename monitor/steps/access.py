"""Who may come in: tokens for programs, sessions for browsers, users with a password of their own.

A secret is shown once and stored as a hash. Tokens and cookies are 256 random bits, so SHA-256 is enough for them;
passwords are argon2id.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from monitor.errors import ConfigError, NotFoundError
from monitor.storage import access as rows
from monitor.storage.access import SavedRow, SessionRow, TokenRow
from monitor.storage.engine import Store

SESSION = timedelta(days=14)
PREFIX = "veille_"
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000
SCOPES = ("read", "write")


@dataclass(frozen=True, slots=True)
class NewSession:
    """What a browser is given at sign-in."""

    cookie: str
    who: str
    expires_at: datetime


def _utc_now() -> datetime:
    return datetime.now(UTC)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash to check when no such user exists, so that the answer takes as long."""
    return _hasher().hash(secrets.token_urlsafe())


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class Access:
    """Tokens, users and sessions of one store. `shared_password`: the one of the environment, None without."""

    def __init__(
        self, store: Store, shared_password: str | None = None, now: Callable[[], datetime] = _utc_now
    ) -> None:
        self._store, self._shared, self._now = store, shared_password, now

    # -- tokens ----------------------------------------------------------------------------------------------------

    def make_token(self, name: str, scope: str, *, days: int | None = 365) -> str:
        """A new token for programs; it is never shown again. Raises `ConfigError` for an unknown scope."""
        if scope not in SCOPES:
            raise ConfigError(f"{scope!r} is neither read nor write", code="C030")
        return self._new_token(name, scope, days=days)

    def make_feed_token(self, name: str, noun: str, question: str) -> str:
        """A token that opens the feed of one question, and nothing else."""
        return self._new_token(name, "feed", days=None, noun=noun, question=question)

    def _new_token(self, name: str, scope: str, *, days: int | None, noun: str = "", question: str = "") -> str:
        token, now = PREFIX + secrets.token_urlsafe(32), self._now()
        if days is not None and not 1 <= days <= 3650:
            raise ConfigError("a token lives 1 to 3650 days", code="C031")
        with self._store.write() as session:
            rows.add_token(
                session,
                name=name[:128],
                hashed=hash_secret(token),
                scope=scope,
                now=now,
                expires_at=now + timedelta(days=days) if days is not None else None,
                noun=noun,
                question=question,
            )
        return token

    def token(self, secret: str) -> TokenRow | None:
        """The token of a secret, if it is in force."""
        if not secret.startswith(PREFIX) or len(secret) > 100:
            return None
        with self._store.read() as session:
            return rows.valid_token(session, hash_secret(secret), self._now())

    def tokens(self) -> list[TokenRow]:
        with self._store.read() as session:
            return rows.tokens(session)

    def revoke_token(self, token_id: int) -> None:
        """Raises `NotFoundError`."""
        with self._store.write() as session:
            rows.revoke_token(session, token_id, self._now())

    def has_tokens(self) -> bool:
        """Whether a program could come in."""
        now = self._now()
        return any(
            token.scope != "feed" and token.revoked_at is None and (token.expires_at is None or token.expires_at > now)
            for token in self.tokens()
        )

    # -- people ----------------------------------------------------------------------------------------------------

    @property
    def asks_password(self) -> bool:
        """Whether people sign in: there is a shared password, or a user."""
        with self._store.read() as session:
            return self._shared is not None or rows.has_users(session)

    def put_user(self, name: str, password: str) -> None:
        """Add a user or change their password. Raises `ConfigError` for a password that is too short or endless."""
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise ConfigError(f"a password has at least {SHORTEST_PASSWORD} characters", code="C032")
        if not name.strip() or len(name) > 128:
            raise ConfigError("a user has a name of at most 128 characters", code="C033")
        hashed = _hasher().hash(password)
        with self._store.write() as session:
            rows.put_user(session, name.strip(), hashed, self._now())

    def disable_user(self, name: str) -> None:
        """Raises `NotFoundError`."""
        with self._store.write() as session:
            rows.disable_user(session, name, self._now())

    def users(self) -> list[tuple[str, bool]]:
        with self._store.read() as session:
            return rows.user_names(session)

    def sign_in(self, name: str, password: str) -> NewSession | None:
        """A new session for the right password; it takes as long for a wrong name as for a wrong password."""
        if len(password) > LONGEST_PASSWORD:
            return None
        user_id, who = None, name.strip() or "analyste"
        if not self._is_shared(password):
            user_id = self._user(name.strip(), password)
            if user_id is None:
                return None
        cookie, now = secrets.token_urlsafe(32), self._now()
        with self._store.write() as session:
            rows.add_session(
                session,
                hashed=hash_secret(cookie),
                csrf=secrets.token_urlsafe(32),
                who=who[:128],
                user_id=user_id,
                now=now,
                expires_at=now + SESSION,
            )
        return NewSession(cookie, who, now + SESSION)

    def _is_shared(self, password: str) -> bool:
        shared = self._shared if self._shared is not None else secrets.token_urlsafe()
        return hmac.compare_digest(hash_secret(shared), hash_secret(password)) and self._shared is not None

    def _user(self, name: str, password: str) -> int | None:
        with self._store.read() as session:
            found = rows.password_of(session, name)
        try:
            _hasher().verify(found[1] if found else _nobody(), password)
        except (VerificationError, InvalidHashError):
            return None
        return found[0] if found else None

    def session(self, cookie: str) -> SessionRow | None:
        """The session of a cookie, if it is open."""
        if not cookie or len(cookie) > 100:
            return None
        with self._store.read() as session:
            return rows.valid_session(session, hash_secret(cookie), self._now())

    def sign_out(self, cookie: str) -> None:
        with self._store.write() as session:
            rows.end_session(session, hash_secret(cookie), self._now())

    def sign_everybody_out(self) -> int:
        """Gives how many sessions were open."""
        with self._store.write() as session:
            return rows.end_all_sessions(session, self._now())

    # -- saved searches --------------------------------------------------------------------------------------------

    def save_search(self, name: str, noun: str, question: str, who: str) -> None:
        """Keep a search under a name. Raises `ConfigError` when the name is taken or empty."""
        if not name.strip() or len(name) > 128:
            raise ConfigError("a saved search has a name of at most 128 characters", code="C034")
        with self._store.write() as session:
            saved = rows.save_search(session, name=name.strip(), noun=noun, question=question, who=who, now=self._now())
        if not saved:
            raise ConfigError(f"a search is called {name.strip()!r} already", code="C035")

    def saved_searches(self) -> list[SavedRow]:
        with self._store.read() as session:
            return rows.saved_searches(session)

    def saved_search(self, search_id: int) -> SavedRow:
        """Raises `NotFoundError`."""
        with self._store.read() as session:
            return rows.saved_search(session, search_id)

    def search_named(self, name: str) -> SavedRow:
        """Raises `NotFoundError` with the names there are."""
        found = self.saved_searches()
        for one in found:
            if one.name == name.strip():
                return one
        there = ", ".join(one.name for one in found) or "none"
        raise NotFoundError(f"no saved search is called {name!r}; there are: {there}")

    def forget_search(self, search_id: int) -> None:
        """Raises `NotFoundError`."""
        with self._store.write() as session:
            rows.forget_search(session, search_id)
