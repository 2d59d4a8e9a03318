"""The helper of those tests that look at pages: it sees what is wrong with one, and only that."""

import http.server
import threading

import pytest

STYLE = """
body { margin: 0; color: #222; background: #fff }
.field { background: #eee }
a, button { color: #0044aa }
@media (prefers-color-scheme: dark) { :root { color-scheme: dark } body { color: #eee; background: #111 }
  .field { background: #222; color: #eee } a, button { color: #9bf; background: #000 } }
"""
GOOD = """
<h1>Tokens</h1><h2>All of them</h2><h3>Old ones</h3><h2>More</h2>
<p style="color: #777; font-size: 24px">Large, and so it may be lighter.</p>
<div style="background: #000"><p style="color: rgba(255, 255, 255, 0.8)">On its ancestor's ground.</p></div>
<form><label for="name">Name</label> <input id="name" name="name" class="field">
<label>Kind <select class="field"><option>one</option></select></label> <input type="hidden" name="mark">
<textarea aria-label="Note" class="field"></textarea> <button>Look</button>
<button disabled style="color: #ccc">No</button></form>
<p style="position: absolute; width: 1px; height: 1px; overflow: hidden; color: #fff">For listeners</p>
<p hidden style="color: #fff">Not there</p>
<table><tr><th scope="col">Name</th><td>a</td></tr></table>
<img alt="" src="dot.svg"> <svg aria-hidden="true" width="9" height="9"></svg> <a href="/">Home</a>
"""
HEAD = '<meta name="viewport" content="width=device-width, initial-scale=1">'
DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>'

BROKEN = [
    ("label", '<input name="q">'),
    ("label", '<label>Name</label><input name="q" placeholder="Name">'),
    ("label", '<label for="q"></label><select id="q"><option>one</option></select>'),
    ("name", "<button></button>"),
    ("name", '<a href="/"><img alt="" src="dot.svg"></a>'),
    ("id", '<p id="twice">a</p><p id="twice">b</p>'),
    ("heading", "<h1>Another</h1>"),
    ("heading", "<h4>Too deep</h4>"),
    ("alt", '<img src="dot.svg">'),
    ("alt", '<svg width="9" height="9"></svg>'),
    ("table", "<table><tr><td>a</td></tr></table>"),
    ("table", "<table><tr><th>a</th><td>b</td></tr></table>"),
    ("contrast", '<p style="color: #777">Nearly 4.5</p>'),
    ("contrast", '<p style="color: #999; font-size: 24px">Large, and too light</p>'),
    ("contrast", '<div style="background: #000"><p style="color: #222">On its ancestor\'s ground</p></div>'),
    ("contrast", '<div style="opacity: 0.5"><p>Behind a veil</p></div>'),
    ("contrast", '<p style="color: oklch(0.8 0 0)">Another notation</p>'),
    ("contrast", '<p style="background: linear-gradient(#fff, #000)">On a picture</p>'),
    ("contrast", '<label>Name <input name="q" style="color: #ccc" value="given"></label>'),
    ("contrast", '<style>::placeholder { color: #ccc }</style><label>Name <input placeholder="like so"></label>'),
    ("focus", '<style>.bare { outline: none }</style><a class="bare" href="/">There</a>'),
    ("focus", '<style>.faint:focus { outline: 2px solid #eee }</style><a class="faint" href="/">There</a>'),
    ("scroll", '<div style="width: 3000px; height: 1px"></div>'),
]


@pytest.fixture(scope="module")
def site():
    """Serves what it is given: a body by its path, and a policy for some."""
    bodies, policies = {"/dot.svg": DOT}, {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = bodies.get(self.path)
            if self.path == "/hung-up":
                return
            self.send_response(200 if body else 404)
            kind = "image/svg+xml" if self.path.endswith(".svg") else "text/html; charset=utf-8"
            self.send_header("Content-Type", kind)
            if self.path in policies:
                self.send_header("Content-Security-Policy", policies[self.path])
            self.end_headers()
            self.wfile.write((body or "nothing here").encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def serve(body, head=HEAD, language="en", policy=None):
        path = f"/{len(bodies)}"
        bodies[path] = f'<!DOCTYPE html><html lang="{language}"><head>{head}<title>A page</title>' \
                       f"<style>{STYLE}</style></head><body>{body}</body></html>"
        if policy:
            policies[path] = policy
        return f"http://127.0.0.1:{server.server_address[1]}{path}"

    yield serve
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("phone", [True, False])
def test_nothing_is_wrong_with_a_good_page(browser, site, javascript, dark, phone):
    page_of = site(GOOD.replace("color: #777", "") if dark else GOOD)
    with browser.page(javascript=javascript, dark=dark, phone=phone) as page:
        page.goto(page_of)
        assert page.barriers() == []
        assert page.complaints == []
        assert page.evaluate("innerWidth") == (390 if phone else 1280)


@pytest.mark.parametrize("rule, broken", BROKEN)
def test_a_broken_rule_is_seen_and_no_other(browser, site, rule, broken):
    with browser.page() as page:
        page.goto(site(GOOD + broken))
        found = page.barriers()
        assert [line.partition(":")[0] for line in found] == [rule], found
        assert page.barriers(but=[rule]) == []


@pytest.mark.parametrize("rule, how", [
    ("language", {"language": ""}), ("viewport", {"head": ""}),
    ("viewport", {"head": HEAD.replace('scale=1"', 'scale=1, user-scalable=no"')}),
])
def test_a_document_that_does_not_say_what_it_is(browser, site, rule, how):
    with browser.page() as page:
        page.goto(site(GOOD, **how))
        assert [line.partition(":")[0] for line in page.barriers()] == [rule]


def test_a_phone_shows_what_a_screen_has_room_for(browser, site):
    wide = site(GOOD + '<div style="width: 500px; height: 1px"></div>')
    for phone, expected in ((False, []), (True, ["scroll"])):
        with browser.page(phone=phone) as page:
            page.goto(wide)
            assert [line.partition(":")[0] for line in page.barriers()] == expected


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("said, body, policy", [
    ("policy: style-src", '<p style="color: red">a</p>', "default-src 'self'; style-src 'sha256-none'"),
    ("policy: img-src", '<img alt="" src="http://127.0.0.1:9/a.png">', "img-src 'self'"),
    ("response: 404 for GET", '<img alt="" src="/missing.png">', None),
    ("request: GET", '<img alt="" src="/hung-up">', None),
])
def test_what_the_browser_complains_of_is_kept(browser, site, javascript, said, body, policy):
    with browser.page(javascript=javascript) as page:
        page.goto(site(body, policy=policy))
        assert any(line.startswith(said) for line in page.complaints), page.complaints


def test_errors_of_scripts_are_kept_and_a_status_may_be_meant(browser, site):
    with browser.page() as page:
        page.goto(site("<script>console.error('said'); undefined.thrown</script>"))
        assert page.complaints[0] == "console: said" and page.complaints[1].startswith("error: "), page.complaints
    with browser.page(meant=[404]) as page:
        assert page.goto(site("a") + "-missing").status == 404
        assert page.complaints == []


def test_pictures_are_kept(browser, site, tmp_path, monkeypatch):
    monkeypatch.setattr(browser, "screens", tmp_path / "screens")
    for name, settings in (("desk", {}), ("phone", {"phone": True}), ("plain", {"javascript": False, "dark": True})):
        with browser.page(**settings) as page:
            page.goto(site(GOOD))
            path = page.shot(name)
            assert path == tmp_path / f"screens/{name}.png" and path.read_bytes().startswith(b"\x89PNG")
    with browser.page() as page, pytest.raises(AssertionError):
        page.shot("../elsewhere")
