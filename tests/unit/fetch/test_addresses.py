"""Which addresses are public, beside another project's table; and the operator's exceptions."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
import ssrfguard
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.fetch.addresses import AllowList, is_public

INSIDE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:100.64.0.1",
    "::ffff:a00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001:0:7f00:1::",
    "2001:2::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "4000::1",
]
OUTSIDE = [
    "1.1.1.1",
    "8.8.8.8",
    "193.0.6.139",
    "172.32.0.1",
    "100.128.0.1",
    "2a00:1450:4007::1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]
TABLE = ssrfguard.DEFAULT_DENIED
ADDRESSES = st.one_of(
    st.ip_addresses(v=4),
    st.ip_addresses(v=6),
    st.sampled_from(INSIDE).map(ip_address),
    st.ip_addresses(v=4).map(lambda inner: IPv6Address(int(IPv6Address("64:ff9b::")) | int(inner))),
    st.ip_addresses(v=4).map(lambda inner: IPv6Address(int(IPv6Address("2002::")) | int(inner) << 80)),
)


@pytest.mark.parametrize("address", INSIDE)
def test_an_inside_address_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_public_address_is_taken(address: str) -> None:
    assert is_public(address)


@given(ADDRESSES)
@settings(max_examples=500, deadline=None)
def test_what_another_table_refuses_is_refused_here_too(address: IPv4Address | IPv6Address) -> None:
    assert not (is_public(address) and TABLE.classify(address).blocked)


@pytest.mark.parametrize("block", ssrfguard._registry.TABLE, ids=lambda block: str(block.network))
def test_both_ends_of_every_denied_block_are_refused(block: ssrfguard.Block) -> None:
    if block.reach is ssrfguard.Reach.DENIED:
        assert not is_public(block.network[0])
        assert not is_public(block.network[-1])


def test_what_is_no_address_is_not_public() -> None:
    assert not is_public("localhost")


def test_a_name_opens_every_port_and_only_itself() -> None:
    allow = AllowList.parse("Intranet.example, other:8080")
    assert allow.names("intranet.example.", 9000)
    assert not allow.names("sub.intranet.example", 9000)


def test_a_port_opens_only_itself() -> None:
    allow = AllowList.parse("localhost:8080,[::1]:81")
    assert allow.names("localhost", 8080)
    assert allow.names("[::1]", 81)
    assert not allow.names("localhost", 80)


def test_a_network_covers_addresses_whatever_the_name() -> None:
    allow = AllowList.parse("10.1.0.0/16")
    assert allow.covers("10.1.2.3", 80)
    assert not allow.covers("10.2.0.1", 80)
    assert allow.names("10.1.2.3")


def test_nothing_is_allowed_by_default() -> None:
    assert not AllowList.parse("").may_open("localhost", 80)


@pytest.mark.parametrize("text", ["http://a", "a b", "*.example", "user@host", "host/path"])
def test_an_exception_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match="VEILLE_ALLOW_PRIVATE_HOSTS"):
        AllowList.parse(text)
