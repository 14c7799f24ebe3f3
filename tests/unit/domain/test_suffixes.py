"""Registrable domains are those of tldextract, whose list is read."""

import pytest
from tldextract import TLDExtract

from monitor.domain.suffixes import _rules, registrable

ORACLE = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def told(host: str) -> str:
    return ORACLE.extract_str(host).top_domain_under_public_suffix


def test_every_rule_gives_what_tldextract_gives() -> None:
    assert len(_rules()) > 9_000
    for rule in _rules():
        name = rule.removeprefix("!").replace("*", "jardin")
        written = name.encode("idna").decode() if not name.isascii() else name
        for host in (written, f"a.{written}", f"b.a.{written}", f"c.b.a.{written}"):
            assert registrable(host) == told(host), host


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.lesechos.fr", "lesechos.fr"),
        ("news.bbc.co.uk", "bbc.co.uk"),
        ("a.github.io", "a.github.io"),
        ("github.io", ""),
        ("www.ck", "www.ck"),
        ("a.b.ck", "a.b.ck"),
        ("press.local", ""),
        ("localhost", ""),
        ("192.0.2.1", ""),
        ("fe80::1", ""),
        ("", ""),
        ("xn--caf-dma.fr", "xn--caf-dma.fr"),
        ("a.xn--55qx5d.cn", "a.xn--55qx5d.cn"),
        ("xn--zz.xn--zz", ""),
        (".fr", ""),
        ("a..fr", ""),
    ],
)
def test_hosts_of_all_kinds(host: str, domain: str) -> None:
    assert registrable(host) == domain
    assert told(host) in {domain, f".{host.lstrip('.')}"}
