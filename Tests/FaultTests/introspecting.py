"""A caller that asks a daemon about one value over one connection, as a gateway does."""

import time

import requests


class Gateway:
    """Made before the daemon begins: it has a token of its own, and one to ask about."""

    def __init__(self, house):
        self.own = house.json(
            "token", "create", "--name", "gateway", "--owner", "t", "--scope", "rota:introspect")["value"]
        self.value = house.json("token", "create", "--name", "asked-about", "--owner", "t")["value"]
        self.session = requests.Session()

    def post(self, served, path="introspect", **form):
        """A generous bound: whoever waits longer has no answer."""
        return self.session.post(
            f"{served.address}/v1/{path}", data={"token": self.value} | form, auth=("", self.own), timeout=5)

    def ask(self, served):
        answer = self.post(served)
        assert answer.status_code == 200 and answer.json()["active"] is True, (answer.status_code, answer.text)


def wait_for(served, text, within=20, count=1):
    """Until the daemon's log has it."""
    until = time.monotonic() + within
    while served.log.read_text().count(text) < count:
        assert served.process.poll() is None, served.log.read_text()
        assert time.monotonic() < until, (text, served.log.read_text())
        time.sleep(0.05)  # between two looks; `until` bounds them
