"""Tables of the web part and of searches: what people saved, and who may come in. No secret is stored, only hashes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from monitor.storage.tables import Base
from monitor.storage.types import RowId

__all__ = ["Base", "SavedSearch", "Token", "User", "WebSession"]


class SavedSearch(Base):
    """A search with a name; `question` is what the search box says."""

    __tablename__ = "saved_searches"
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    noun: Mapped[str] = mapped_column(String(16))
    question: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]


class Token(Base):
    """A key for programs (`scope` read or write), or for one query's feed (`scope` feed, in the address).

    `hash` is SHA-256 of the token: 256 random bits need no slow hash.
    """

    __tablename__ = "tokens"
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[str] = mapped_column(String(8))
    noun: Mapped[str] = mapped_column(String(16), default="")
    question: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class User(Base):
    """Somebody who signs in with a password of their own; `password` is argon2id's hash."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    password: Mapped[str] = mapped_column(Text)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class WebSession(Base):
    """A browser that signed in; `hash` is SHA-256 of its cookie, which changes at every sign-in."""

    __tablename__ = "web_sessions"
    __table_args__ = (Index("ix_web_sessions_expires_at", "expires_at"),)
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    who: Mapped[str] = mapped_column(Text)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
