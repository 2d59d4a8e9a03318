"""What monitoring sees: the metrics of a daemon at work, as Prometheus's own tool reads them, and the alerts on them."""

import pathlib
import re
import subprocess

import pytest
import requests

from fault_proxy import FaultProxy
from house import Seed
from serving import Served, wait_until

ROOT = pathlib.Path(__file__).parents[2]
ALERTS = ROOT / "Packaging/prometheus/rota-alerts.yaml"


@pytest.fixture(scope="module")
def promtool():
    path = ROOT / ".build/promtool"
    if not path.exists():
        pytest.exit("there is no promtool: run 'make deps'", returncode=2)
    return path


def scrape(served, auditor):
    answer = requests.get(served.address + "/metrics", headers={"Authorization": f"Bearer {auditor}"}, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.text


def samples(text):
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}


def test_a_daemon_at_work_is_seen_through_its_metrics(house, bao, promtool):
    with FaultProxy(bao.address) as proxy:
        house.init()
        auditor = house.json("token", "create", "--name", "prometheus", "--scope", "rota:audit")["value"]
        seeds = [Seed("ingest", ["bao:apps/ingest#token"]), Seed("nowhere", [])]
        house.import_seeds(seeds)
        house.policy(overlap="24h")
        house.rota("run", expect=5)
        settings = house.folder / "rota.yaml"
        settings.write_text(settings.read_text().replace(bao.address, proxy.address))
        with Served(house) as served:
            headers = {"Authorization": f"Bearer {house.get('bao:apps/ingest#token')}"}
            assert requests.get(served.address + "/v1/authorize", headers=headers, timeout=10).status_code == 200
            assert requests.get(served.address + "/v1/authorize", timeout=10).status_code == 401
            proxy.harm("unavailable")
            assert requests.post(served.address + "/v1/self/rotate", headers=headers, timeout=30).status_code == 503

            text = scrape(served, auditor)
            told = samples(text)
            # The administrator's own is one of them.
            assert told["rota_tokens_active"] == 4
            assert told['rota_actions_blocked{reason="no-destination"}'] == 1
            assert told['rota_findings_open{policy="quarterly",rule="max-age"}'] == 2
            assert 0 <= told["rota_last_run_age_seconds"] < 120
            assert told["rota_last_run_actions_due"] == 2 and told["rota_last_run_failed"] == 0
            assert told['rota_last_run_actions{outcome="started"}'] == 1
            assert told['rota_http_requests_total{endpoint="authorize",code="200"}'] == 1
            assert told['rota_http_requests_total{endpoint="authorize",code="401"}'] == 1
            assert told['rota_verification_duration_seconds_count{endpoint="authorize"}'] == 2
            assert 0 < told['rota_verification_duration_seconds_sum{endpoint="authorize"}'] < 5
            assert told['rota_vault_requests_total{vault="bao",operation="probe",outcome="transient"}'] >= 1
            assert sum(value for name, value in told.items() if name.startswith("rota_held")) == 0
            assert told["rota_store_wal_bytes"] > 0

            house.rota("freeze", "--reason", "release")
            wait_until(lambda: samples(scrape(served, auditor))['rota_held{reason="frozen"}'] == 1)

            # Names of tokens and whose they are stay out.
            assert "ingest" not in text and "team-data" not in text
            checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
            assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
            assert served.stop() < 10
    documented = set(re.findall(r"`(rota_\w+)`", (ROOT / "Docs/Metrics.md").read_text()))
    documented |= {"rota_rotations_stalled", "rota_rotations_unbegun"}
    assert set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE)) == documented


def test_the_alerts_are_of_metrics_that_there_are(promtool, binary):
    checked = subprocess.run([promtool, "check", "rules", ALERTS], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    documented = (ROOT / "Docs/Metrics.md").read_text()
    for name in set(re.findall(r"rota_\w+", ALERTS.read_text())):
        base = name.removesuffix("_bucket")
        assert f"`{base}`" in documented or base in ("rota_rotations_stalled", "rota_rotations_unbegun"), name
    # So are the commands that a person is sent to.
    commands = set(re.findall(r"'rota ([a-z]+(?: [a-z]+)?)", ALERTS.read_text()))
    assert len(commands) >= 6
    for words in commands:
        assert subprocess.run([binary, *words.split(), "--help"], capture_output=True).returncode == 0, words
