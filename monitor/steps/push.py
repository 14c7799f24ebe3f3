"""WebSub: ask hubs for pushes, answer their questions, take what they send. Polling goes on whatever happens here."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import structlog

from monitor.domain.urls import same_site
from monitor.domain.websub import (
    Subscription,
    asked,
    is_hub,
    is_live,
    is_signed,
    should_ask,
    subscription_form,
    verified,
)
from monitor.errors import ContentError, FetchError
from monitor.steps.context import Context
from monitor.storage.entries import add_entries
from monitor.storage.push import push_of_feed, push_of_token, save_push
from monitor.storage.work import Kind

log = structlog.get_logger(__name__)

PATH = "/websub/"
_FORM = {"content-type": "application/x-www-form-urlencoded"}


async def renew_push(ctx: Context, feed_id: int, url: str, hub: str | None, self_url: str | None) -> bool:
    """Ask the feed's hub where that is due; says whether it was asked. Nothing happens without a public address.

    The topic is what the feed calls itself, if that lies on its own site; what it was, where an unchanged feed says
    nothing. What is asked for is stored first: a hub may ask back before it answers.
    """
    if not ctx.settings.public_url or hub is None or not is_hub(hub):
        return False
    with ctx.store.read() as session:
        known = push_of_feed(session, feed_id)
    said = self_url or (known.topic if known else None)
    topic = said if said and same_site(said, url) else url
    if known is None or (known.hub, known.topic) != (hub, topic):
        known = Subscription(hub, topic, secrets.token_urlsafe(24), secrets.token_urlsafe(32))
    if not should_ask(known, ctx.now()):
        return False
    pending = asked(known, ctx.now(), accepted=True)
    with ctx.store.write() as session:
        save_push(session, feed_id, pending)
    if not await _accepted(ctx, pending):
        with ctx.store.write() as session:
            save_push(session, feed_id, asked(known, ctx.now(), accepted=False))
    return True


async def _accepted(ctx: Context, subscription: Subscription) -> bool:
    callback = ctx.settings.public_url.rstrip("/") + PATH + subscription.token
    try:
        response = await ctx.web.door.post(
            subscription.hub, body=subscription_form(subscription, callback), headers=_FORM, max_bytes=16_384
        )
    except FetchError as error:
        log.info("hub_failed", hub=subscription.hub, reason=str(error))
        return False
    log.info("hub_asked", hub=subscription.hub, topic=subscription.topic, status=response.status)
    return 200 <= response.status < 300


def verify_push(ctx: Context, token: str, parameters: Mapping[str, str]) -> str | None:
    """What to answer to a hub's question: the challenge with 200, or None: 404."""
    with ctx.store.write() as session:
        found = push_of_token(session, token)
        if found is None:
            return None
        subscription, challenge = verified(found.subscription, parameters, ctx.now())
        save_push(session, found.feed_id, subscription)
    log.info("push_verified" if challenge else "push_refused", topic=subscription.topic, until=subscription.until)
    return challenge


async def receive_push(
    ctx: Context, token: str, body: bytes, *, signature: str | None, content_type: str | None = None
) -> int | None:
    """Store what a hub sent; gives how many entries were new, None for a callback that is not ours (404).

    A wrong signature changes nothing and gives 0, as the standard asks: a sender learns nothing from the answer.
    The body goes through the same caps and the same child as a polled one. Raises `ContentError`.
    """
    with ctx.store.read() as session:
        found = push_of_token(session, token)
    if found is None:
        return None
    subscription = found.subscription
    if not is_live(subscription, ctx.now()) or not is_signed(subscription, body, signature):
        log.warning("push_not_believed", topic=subscription.topic)
        return 0
    if not body:
        raise ContentError("an empty push", kind="empty")
    now = ctx.now()
    feed = await ctx.web.sandbox.parse_new(body, (), url=subscription.topic, content_type=content_type, now=now)
    with ctx.store.write() as session:
        until = now + ctx.lease(Kind.READ) if ctx.announces else now
        stored = add_entries(session, found.feed_id, feed.data.entries, now=now, due_at=until, backlog=False)
    ctx.announce_rows(Kind.READ, stored.pairs)
    log.info("push_received", topic=subscription.topic, new=len(stored.new))
    return len(stored.new)
