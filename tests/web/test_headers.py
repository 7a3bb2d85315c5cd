"""The headers of every response: what a browser may do with it, and that nothing of it is kept."""

from dataclasses import replace

import pytest
from flask import abort

from facilitator.web.login import public
from tests import factories
from tests.factories import ON_SQLITE

pytestmark = ON_SQLITE

POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def directives(response):
    parts = response.headers["Content-Security-Policy"].split(";")
    return dict(part.strip().split(" ", 1) for part in parts)


@pytest.fixture
def broken(app):
    """The app with pages that fail in every way."""

    @public
    def fail(status):
        if status == 500:
            raise RuntimeError("broken")
        abort(status)

    app.add_url_rule("/fail/<int:status>", view_func=fail)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app.test_client()


ANSWERS = [
    ("GET", "/login", 303),
    ("GET", "/", 303),
    ("GET", "/first-run", 200),
    ("POST", "/healthz", 405),
    ("GET", "/healthz", 200),
    ("GET", "/static/app.css", 200),
    ("GET", "/static/nothing.css", 404),
    ("GET", "/nowhere", 404),
    ("GET", "/s/nothing", 404),
    ("GET", "/leave", 303),
    *(("GET", f"/fail/{status}", status) for status in (400, 403, 404, 405, 409, 413, 422, 429, 500, 503)),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_carries_the_security_headers(broken, method, path, status):
    with broken.open(path, method=method) as response:
        assert response.status_code == status
    assert directives(response) == POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert "noindex" in response.headers["X-Robots-Tag"]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_no_page_is_kept_by_a_browser_and_style_is(broken, method, path, status):
    with broken.open(path, method=method) as response:
        kept = response.headers["Cache-Control"]
    assert ("max-age=3600" in kept) if path == "/static/app.css" else (kept == "no-store")


def test_an_address_that_there_is_not_is_a_page_with_a_way_back(house):
    for who in ("alice", None):
        response = house.client(who).get("/nowhere")
        assert response.status_code == 404
        assert "There is nothing here" in response.text
        assert 'href="/"' in response.text


def test_only_an_installation_behind_https_says_so_and_marks_its_cookies(config, database, now):
    plain = factories.open_app(config, database, factories.Clock(now))
    behind = replace(config, base_url="https://notes.example")
    secured = factories.open_app(behind, database, factories.Clock(now))
    for each in (plain, secured):
        each.config["WTF_CSRF_ENABLED"] = True  # the form of the page starts a session
    first, second = plain.test_client().get("/first-run"), secured.test_client().get("/first-run")
    assert "Strict-Transport-Security" not in first.headers
    assert "max-age=31536000" in second.headers["Strict-Transport-Security"]
    for response, is_secure in ((first, False), (second, True)):
        cookie = response.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) == is_secure
