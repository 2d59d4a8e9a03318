"""A vault whose certificate has expired: it gets no token and no value, the rotation waits and says why, and goes on
when it has a new one."""

import datetime
import sqlite3
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from house import Seed
from servers import FakeKV2


class Authority:
    """An authority of our own, and certificates of one key for `localhost`."""

    def __init__(self, folder):
        self.folder, self.key, self.server = folder, ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(
            ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority")])
        self.file = folder / "authority.pem"
        made = self.signed(self.name, self.key.public_key(), 30).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.file.write_bytes(self.pem(made))

    def signed(self, name, key, days):
        """Begun forty days ago, and ends in so many."""
        now = datetime.datetime.now(datetime.timezone.utc)
        return x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key).serial_number(
            x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=40)).not_valid_after(
            now + datetime.timedelta(days=days))

    def pem(self, builder):
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def certificate(self, days):
        """A file with the key and the certificate."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        made = self.signed(name, self.server.public_key(), days).add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        key = self.server.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path = self.folder / f"server-{days}.pem"
        path.write_bytes(key + self.pem(made))
        return path


@pytest.fixture
def vault(bare):
    """An engine over TLS, whose requests are counted; `wear` changes its certificate."""
    authority = Authority(bare.folder)
    requests, answers = [], {}

    def behaviour(method, name):
        requests.append((method, name))
        return answers.get(method)

    with FakeKV2(behaviour) as vault:
        vault.requests, vault.answers, vault.authority = requests, answers, authority
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Each connection begins anew with what is loaded then.
        vault.wear = lambda days: context.load_cert_chain(authority.certificate(days))
        vault.wear(30)
        vault.server.socket = context.wrap_socket(vault.server.socket, server_side=True, do_handshake_on_connect=False)
        yield vault


def test_an_expired_certificate_is_refused_told_and_waited_for(bare, vault):
    bare.keep("fake-token", "fake")
    address = vault.address.replace("http://127.0.0.1", "https://localhost")
    bare.configure(vaults=(
        f"  fake:\n    kind: vault-kv2\n    address: {address}\n    mount: kv\n"
        f"    certificate-authority: {vault.authority.file}\n    auth: {{ token: file:fake-token }}\n    timeout: 5s"))
    bare.init()
    bare.policy(overlap="0s")
    seed = Seed("token-1", ["fake:apps/1#token", "local:token-1"])
    vault.secrets["apps/1"] = (1, {"token": seed.value})
    bare.put(seed.destinations[1], seed.value)
    bare.rota("import", bare.inventory([seed]))
    bare.rota("vault", "drift")
    assert vault.requests, "it is not asked though its certificate is right"

    vault.wear(-1)
    vault.requests.clear()
    for command in (["run"], ["token", "rotate", "token-1"], ["vault", "drift"]):
        done = bare.rota(*command, expect=5)
        assert "certificate" in done.stdout + done.stderr, done
    assert vault.requests == [], "something was sent to it"
    assert bare.get(seed.destinations[1]) == seed.value and bare.accepts(seed.value)
    # Nothing was armed, and the finding stays open.
    assert bare.json("status")["rotations"] == [] and bare.json("status")["open_findings"] == 1

    # In the middle of a rotation, whose writes fail at first.
    vault.wear(30)
    vault.answers["POST"] = vault.answers["PUT"] = "broken"
    bare.rota("token", "rotate", "--overlap", "0s", "token-1", expect=5)
    assert len(bare.json("status")["rotations"]) == 1
    vault.answers.clear()
    vault.wear(-1)
    vault.requests.clear()
    for _ in range(3):
        no_waiting(bare)
        bare.rota("run", expect=5)
    told = bare.json("status")["rotations"]
    assert ["certificate" in row["rotation"]["cause"] for row in told] == [True], [row["rotation"]["cause"] for row in told]
    assert vault.requests == [] and vault.secrets["apps/1"] == (1, {"token": seed.value})
    assert bare.accepts(seed.value)
    alarms = [data for (data,) in bare.rows("SELECT data FROM events WHERE type = 'token.rotation_stuck'")]
    assert any("certificate" in data for data in alarms), bare.rows("SELECT type, data FROM events")

    vault.wear(30)
    no_waiting(bare)
    bare.run_until_settled()
    value = vault.secrets["apps/1"][1]["token"]
    assert value == bare.get(seed.destinations[1]) != seed.value and bare.accepts(value)


def no_waiting(house):
    """As if the time had passed for which the rotation waits between attempts."""
    with sqlite3.connect(house.store) as store:
        store.execute("UPDATE rotations SET next_attempt_at = 0 WHERE phase = 'open'")
    store.close()
