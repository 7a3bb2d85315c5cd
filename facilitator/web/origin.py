"""Where a press on a page without an account comes from: the address of such a page is its only secret."""

from flask import request

from facilitator.errors import NotAllowed
from facilitator.web.request import settings


def refuse_other_sites() -> None:
    """Refuse a press on somebody else's page.

    Browsers say where a request comes from in Sec-Fetch-Site. Older ones send an Origin, which under our own
    referrer policy is "null" even for our own forms; the address itself is the secret, so that one may pass.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "null")
    ours = {"null", settings().base_url, request.host_url.rstrip("/")}
    if not (site == "same-origin" if site else origin in ours):
        raise NotAllowed("This page takes a press of its own buttons only. Open your link again and press there.")
