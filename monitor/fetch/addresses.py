"""Which addresses a request may reach: our own table, and the operator's exceptions.

The standard library cannot be asked: on Python 3.11 `is_global` passes 192.0.0.192, 2002:7f00:1::, ::127.0.0.1 and
all multicast. IPv4 is refused by block, IPv6 unless it is global unicast (2000::/3) outside the blocks below. What
carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) is judged by what it carries.
Sources: the IANA special-purpose registries; tests compare the table with another project's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from monitor.errors import ConfigError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_REFUSED_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; a metadata service at 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent: a public address that is always inside
        "169.254.0.0/16",  # link local; metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; a metadata service at 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112: answers nothing but DNS
        "192.52.193.0/24",  # multicast tunnels
        "192.88.99.0/24",  # 6to4 relays, withdrawn
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved and broadcast
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments (Teredo, inside it, is judged before)
        "2001:db8::/32",  # documentation
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
# Kept by RFC 6761, 6762 and ICANN for private use, or used so by habit; none is in the public root.
_INSIDE_NAMES = frozenset(
    {"localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "localdomain"}
)
_MAPPED = IPv6Network("::ffff:0:0/96")
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")


@lru_cache(maxsize=8192)  # asked several times of each request
def parse_address(text: str) -> Address | None:
    """The address `text` spells, zone dropped; None for a name."""
    try:
        return ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None


def is_public(address: str | Address) -> bool:
    """Whether a request from anywhere may go there; False for what is no address at all."""
    parsed = parse_address(address) if isinstance(address, str) else address
    if parsed is None:
        return False
    if isinstance(parsed, IPv4Address):
        return not any(parsed in block for block in _REFUSED_V4)
    carried = tuple(_carried(parsed))
    if carried:
        return all(is_public(inner) for inner in carried)
    return parsed in _GLOBAL_V6 and not any(parsed in block for block in _REFUSED_V6)


def is_inside_name(host: str) -> bool:
    """Whether `host` can only mean something on a network of one's own: one label, or under a name kept for that."""
    labels = host.rstrip(".").lower().split(".")
    return len(labels) == 1 or labels[-1] in _INSIDE_NAMES or labels[-2:] == ["home", "arpa"]


def _carried(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses inside: one, or for Teredo two (server, and client with its bits inverted)."""
    value = int(address)
    if address in _MAPPED or address in _COMPATIBLE or address in _NAT64:
        yield IPv4Address(value & 0xFFFFFFFF)
    elif address in _SIX_TO_FOUR:
        yield IPv4Address((value >> 80) & 0xFFFFFFFF)
    elif address in _TEREDO:
        yield IPv4Address((value >> 64) & 0xFFFFFFFF)
        yield IPv4Address(~value & 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class _Exception:
    """One entry of the list: a name or a network; `port` None opens every port."""

    name: str = ""
    network: Network | None = None
    port: int | None = None

    def opens(self, port: int) -> bool:
        return self.port is None or self.port == port


@dataclass(frozen=True, slots=True)
class AllowList:
    """The operator's exceptions (`VEILLE_ALLOW_PRIVATE_HOSTS`): hosts, host:port or networks; empty allows nothing."""

    entries: tuple[_Exception, ...] = ()

    @classmethod
    def parse(cls, text: str) -> AllowList:
        """From a comma-separated list. Raises `ConfigError` naming the entry at fault."""
        parts = (part.strip() for part in text.split(","))
        return cls(tuple(_parse_entry(part) for part in parts if part))

    def names(self, host: str, port: int | None = None) -> bool:
        """Whether `host` itself (name or literal address) is an exception; with no port, on any port."""
        address = parse_address(host)
        wanted = host.rstrip(".").lower()
        return any(
            (port is None or entry.opens(port))
            and (address in entry.network if entry.network and address else bool(entry.name) and entry.name == wanted)
            for entry in self.entries
        )

    def covers(self, address: str | Address, port: int) -> bool:
        """Whether a network of the list holds `address`, whatever name led there."""
        parsed = parse_address(address) if isinstance(address, str) else address
        return parsed is not None and any(
            entry.network is not None and entry.opens(port) and parsed in entry.network for entry in self.entries
        )

    def may_open(self, host: str, port: int) -> bool:
        """Whether the port could be open for `host`, before its addresses are known."""
        return self.names(host, port) or any(entry.network is not None and entry.opens(port) for entry in self.entries)


def _parse_entry(text: str) -> _Exception:
    host, port = _split_port(text)
    try:
        return _Exception(network=ip_network(host.strip("[]"), strict=False), port=port)
    except ValueError:
        pass
    if not host or any(mark in host for mark in "/:@[]* "):
        raise ConfigError(
            f"{text!r} is no host, host:port or network",
            where="VEILLE_ALLOW_PRIVATE_HOSTS",
            code="C001",
            hint="such as intranet.example, localhost:8080, 10.1.0.0/16",
        )
    return _Exception(name=host.rstrip(".").lower(), port=port)


def _split_port(text: str) -> tuple[str, int | None]:
    """A bare IPv6 address has colons but no port."""
    head, colon, tail = text.rpartition(":")
    bracketed = head.startswith("[") and head.endswith("]")
    if not colon or not tail.isdecimal() or (":" in head and not bracketed) or not 0 < int(tail) < 65536:
        return text, None
    return head, int(tail)
