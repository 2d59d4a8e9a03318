"""TLS as an examiner sees it who tries what no library of today offers any more (row 16 of the checklist)."""

import json
import subprocess

import pytest
import requests

from preloaded import tool
from serving import Served
from test_http import certify

# What testssl.sh calls them.
REFUSED = {"SSLv2", "SSLv3", "TLS1", "TLS1_1", "cipherlist_NULL", "cipherlist_aNULL", "cipherlist_EXPORT",
           "cipherlist_LOW", "cipherlist_3DES_IDEA", "cipherlist_AVERAGE"}
OFFERED = {"TLS1_2", "TLS1_3", "cipherlist_STRONG"}


def test_nothing_older_than_tls_1_2_and_no_weak_cipher_is_offered(bare):
    bare.init()
    certify(bare.folder, "localhost")
    with Served(bare, settings=', tls: { certificate: server.pem, key: file:key.pem }') as served:
        found = bare.folder / "found.json"
        # Protocols, kinds of ciphers, and forward secrecy: it sends the bytes of each by itself.
        subprocess.run(
            [tool("testssl"), "--quiet", "--warnings", "batch", "-p", "-s", "-f", "--jsonfile", found,
             f"127.0.0.1:{served.port}"], stdin=subprocess.DEVNULL, capture_output=True, timeout=180)
        told = {entry["id"]: entry for entry in json.loads(found.read_text())}
        assert REFUSED | OFFERED <= told.keys(), sorted(told)
        assert {name: told[name]["finding"] for name in REFUSED if "not offered" not in told[name]["finding"]} == {}
        assert {name for name in OFFERED if not told[name]["finding"].startswith("offered")} == set()
        wrong = {name: entry["finding"] for name, entry in told.items()
                 if entry["severity"] in ("LOW", "MEDIUM", "HIGH", "CRITICAL")}
        assert wrong == {}
        # Whoever asks in plain text is told nothing.
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{served.port}/healthz", timeout=10)
        served.stop()


def test_without_tls_it_listens_to_nobody_on_the_network(bare):
    bare.init()
    configuration = bare.folder / "rota.yaml"
    usual = configuration.read_text()
    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:8470", "[2001:db8::1]:8470", "[::ffff:192.0.2.1]:8470"):
        configuration.write_text(usual + f'server: {{ listen: "{address}" }}\n')
        refused = bare.rota("serve", expect=2)
        assert "without TLS it listens on loopback and Unix sockets only" in refused.stderr, (address, refused.stderr)
        assert "rota.yaml:" in refused.stderr and "add 'tls'" in refused.stderr
    for address in ("127.0.0.1:0", "[::1]:0", f"unix:{bare.folder}/rota.sock"):
        configuration.write_text(usual)
        with Served(bare, listen=address) as served:
            served.stop()
