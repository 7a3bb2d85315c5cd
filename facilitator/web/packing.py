"""Scripts and sheets travel packed; pages never do.

What a page says and what a stranger made it repeat would be packed together, and the length would tell of the one by the
other (BREACH, breachattack.com). The files of `static` hold no secret.
"""

import gzip
from functools import cache
from http import HTTPStatus

from flask import Flask, Response, request

KINDS = {"text/css", "text/javascript", "image/svg+xml"}


def init_app(app: Flask) -> None:
    """Pack what is static for browsers that ask for it."""
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    if request.endpoint != "static" or response.mimetype not in KINDS:
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code == HTTPStatus.OK and request.accept_encodings["gzip"] > 0:
        tag, _is_weak = response.get_etag()
        response.direct_passthrough = False
        response.set_data(_packed(response.get_data()))
        response.content_encoding = "gzip"
        # the same content in other bytes (RFC 9110 §8.8.1)
        response.set_etag(str(tag), weak=True)
    return response


@cache
def _packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
