"""What monitoring sees: the metrics of a daemon at work, as Prometheus's own tool reads them, and the alerts on them."""

import pathlib
import re
import subprocess

import pytest
import requests
import yaml

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
        late = Seed("late", ["bao:apps/late#token"])
        house.import_seeds([late])
        settings = house.folder / "rota.yaml"
        settings.write_text(settings.read_text().replace(bao.address, proxy.address))
        with Served(house) as served:
            headers = {"Authorization": f"Bearer {house.get('bao:apps/ingest#token')}"}
            assert requests.get(served.address + "/v1/authorize", headers=headers, timeout=10).status_code == 200
            assert requests.get(served.address + "/v1/authorize", timeout=10).status_code == 401
            proxy.harm("unavailable")
            assert requests.post(
                served.address + "/v1/self/rotate", headers={"Authorization": f"Bearer {late.value}"},
                timeout=30).status_code == 503

            text = scrape(served, auditor)
            told = samples(text)
            # The administrator's own is one of them.
            assert told["rota_tokens_active"] == 5
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
    assert set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE)) == documented


def test_the_alerts_are_of_metrics_that_there_are(promtool, binary):
    checked = subprocess.run([promtool, "check", "rules", ALERTS], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    documented = (ROOT / "Docs/Metrics.md").read_text()
    for name in set(re.findall(r"rota_\w+", ALERTS.read_text())):
        base = name.removesuffix("_bucket")
        assert f"`{base}`" in documented, name
    # So are the commands that a person is sent to.
    commands = set(re.findall(r"'rota ([a-z]+(?: [a-z]+)?)", ALERTS.read_text()))
    assert len(commands) >= 6
    for words in commands:
        assert subprocess.run([binary, *words.split(), "--help"], capture_output=True).returncode == 0, words


def at(minute, alert, *summaries):
    """An alert is on at a minute with these summaries, or is not on."""
    labels = {"RotaDoesNotRun": "critical", "RotaDown": "critical"}
    return {"eval_time": f"{minute}m", "alertname": alert,
            "exp_alerts": [{"exp_labels": {"severity": labels.get(alert, "warning"), **dict(extra)},
                            "exp_annotations": None} for extra in summaries]}


def test_the_alerts_are_on_when_they_should_be(promtool, tmp_path):
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    # What people are told is not the point here.
    for rule in groups[0]["rules"]:
        rule.pop("annotations")
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))

    def series(**values):
        return [{"series": name if "{" in name else name + '{job="rota"}', "values": value}
                for name, value in values.items()]

    def check(input_series, *expected):
        for test in expected:
            for alert in test["exp_alerts"]:
                alert.pop("exp_annotations")
        (tmp_path / "test.yaml").write_text(yaml.safe_dump({
            "rule_files": ["rules.yaml"], "evaluation_interval": "1m",
            "tests": [{"interval": "1m", "input_series": input_series, "alert_rule_test": list(expected)}]}))
        tested = subprocess.run([promtool, "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, text=True)
        assert tested.returncode == 0, tested.stdout + tested.stderr

    job = [("job", "rota")]
    check(series(up="0x20"), at(4, "RotaDown"), at(10, "RotaDown", job))
    # A run that goes on for hours keeps the age of the one before: neither it nor a first one is none at all.
    check(series(rota_last_run_age_seconds="93000+60x60", rota_run_duration_seconds="3600+60x60"),
          at(50, "RotaDoesNotRun"))
    check(series(rota_last_run_age_seconds="93000+60x60", rota_run_duration_seconds="0x60"),
          at(5, "RotaDoesNotRun"), at(50, "RotaDoesNotRun", job))
    check(series(rota_run_duration_seconds="0x60"), at(50, "RotaDoesNotRun", job))
    check(series(rota_run_duration_seconds="0+60x60"), at(50, "RotaDoesNotRun"))
    check(series(rota_run_duration_seconds="21590+60x60"), at(0, "RotaRunDoesNotEnd"), at(5, "RotaRunDoesNotEnd", job))
    check(series(rota_rotations_stalled="1x90", rota_rotations_unbegun="0x90"),
          at(30, "RotaRotationStalled"), at(61, "RotaRotationStalled", job))
    blocked = 'rota_actions_blocked{job="rota",reason="%s"}'
    check(series(**{blocked % "issuer-not-driven": "4x1500", blocked % "conflict": "0x1500"}),
          at(1450, "RotaActionsBlocked"))
    check(series(**{blocked % "issuer-not-driven": "4x1500", blocked % "conflict": "2x1500"}),
          at(1450, "RotaActionsBlocked", []))
    failures = 'rota_witness_failures{job="rota",witness="%s"}'
    check(series(**{failures % "share": "3x60", failures % "auditor": "2x60"}),
          at(20, "RotaWitnessTakesNothing"), at(40, "RotaWitnessTakesNothing", [*job, ("witness", "share")]))
    asked = 'rota_vault_requests_total{job="rota",vault="bao",operation="probe",outcome="%s"}'
    check(series(**{asked % "ok": "0+10x60", asked % "transient": "0+9x60"}), at(50, "RotaVaultFails"))
    check(series(**{asked % "ok": "0+9x60", asked % "transient": "0+10x60"}),
          at(50, "RotaVaultFails", [("vault", "bao")]))
    bucket = 'rota_verification_duration_seconds_bucket{job="rota",endpoint="authorize",le="%s"}'
    check(series(**{bucket % "0.05": "0+100x60", bucket % "0.25": "0+100x60", bucket % "+Inf": "0+100x60"}),
          at(50, "RotaVerificationsAreSlow"))
    check(series(**{bucket % "0.05": "0+90x60", bucket % "0.25": "0+100x60", bucket % "+Inf": "0+100x60"}),
          at(50, "RotaVerificationsAreSlow", []))
