"""The pages on a small phone with a slow processor: how soon something is seen, how soon all is there, what it weighs."""

import statistics

import pytest

from house import Seed

SCREEN = {"width": 360, "height": 740}
# A quarter of the speed of this machine, as the tools of browsers take a phone for.
SLOWER = 4
# In milliseconds; generous, since a debug build answers.
SEEN, THERE = 1_500, 1_500
# In bytes of answers, heads and all, with nothing kept from before.
WEIGHT = 200_000
LOADS = 5
TIMES = """() => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    return [paint ? paint.startTime : null, performance.getEntriesByType("navigation")[0].loadEventEnd];
}"""


class Phone:
    """Loads pages, and measures that."""

    def __init__(self, page):
        self.page = page
        page.set_viewport_size(SCREEN)
        self.session = page.context.new_cdp_session(page.page)
        self.answers, self.weight = 0, 0
        self.session.on("Network.loadingFinished", self._arrived)
        self.session.send("Network.enable")
        self.session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        self.session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})

    def _arrived(self, event):
        self.answers += 1
        self.weight += event["encodedDataLength"]

    def load(self, address):
        """When something was seen, when all was there, and how much came."""
        self.answers = self.weight = 0
        assert self.page.goto(address, wait_until="load").status == 200
        self.page.wait_for_function("performance.getEntriesByType('navigation')[0].loadEventEnd > 0"
                                    " && performance.getEntriesByName('first-contentful-paint').length > 0")
        seen, there = self.page.evaluate(TIMES)
        assert self.answers >= 3, "the page, and what it looks and works by: none of it from before"
        return seen, there, self.weight


@pytest.mark.alone
@pytest.mark.parametrize("what", ["list", "token"])
def test_a_phone_shows_a_page_soon_and_has_little_to_load(office, what):
    house = office.house
    house.import_seeds([
        Seed(f"Integration_Snowflake_Export_{number:02}", [f"local:{number}"]) for number in range(60)])
    name = "Integration_Snowflake_Export_00"
    for turn in range(20):
        house.rota("token", "edit", name, "--description", f"Writes what comes in, the {turn}th")
    path = {"list": "api-tokens", "token": f"api-tokens/{office.id(name)}"}[what]
    with office.signed_in(phone=True) as page:
        phone = Phone(page)
        loads = [phone.load(office.url(path)) for _ in range(LOADS)]
        assert page.locator("tbody tr" if what == "list" else "#timeline").count() >= (50 if what == "list" else 1)
        # Nothing has to be pushed aside to be read.
        assert page.evaluate("document.documentElement.scrollWidth") <= SCREEN["width"]
        page.shot(f"phone-360-{what}", whole=False)
        assert page.complaints == []
    seen, there, weight = (statistics.median(figures) for figures in zip(*loads))
    print(f"{what}: seen after {seen:.0f} ms, there after {there:.0f} ms, {weight / 1000:.0f} kB")
    assert seen <= SEEN and there <= THERE and weight <= WEIGHT
