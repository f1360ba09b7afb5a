"""Whom an https connection trusts, and through what it goes."""

import ssl

import httpx2
import pytest

from nbnebius.transport import trust, wire


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    trust.ssl_context.cache_clear()
    yield
    trust.ssl_context.cache_clear()


def told(context):
    return (
        sorted(map(str, context.get_ca_certs())),
        context.verify_mode,
        context.check_hostname,
        context.verify_flags,
        context.options,
        context.minimum_version,
    )


def one_root(path):
    """Write one of the system's roots into a file of its own."""
    roots = ssl.create_default_context().get_ca_certs(binary_form=True)
    path.write_text(ssl.DER_cert_to_PEM_cert(roots[0]))
    return path


def test_it_trusts_whom_httpx2_trusts():
    assert told(trust.ssl_context()) == told(httpx2.create_ssl_context())
    assert trust.ssl_context().verify_mode is ssl.CERT_REQUIRED


def test_a_file_of_roots_takes_the_place_of_the_systems(tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(one_root(tmp_path / "one.pem")))
    assert told(trust.ssl_context()) == told(httpx2.create_ssl_context())
    assert len(trust.ssl_context().get_ca_certs()) == 1


def test_so_does_a_folder_of_roots(tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert told(trust.ssl_context()) == told(httpx2.create_ssl_context())
    assert trust.ssl_context().get_ca_certs() == []


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "Http_Proxy"])
def test_a_proxy_that_the_environment_names_is_seen(monkeypatch, name):
    for each in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(each, raising=False)
        monkeypatch.delenv(each.upper(), raising=False)
    assert not wire._names_proxy()
    monkeypatch.setenv(name, "http://127.0.0.1:3128")
    assert wire._names_proxy()


def test_what_names_no_proxy_is_none(monkeypatch):
    for each in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(each, raising=False)
        monkeypatch.delenv(each.upper(), raising=False)
    monkeypatch.setenv("NO_PROXY", "localhost")
    assert not wire._names_proxy()
