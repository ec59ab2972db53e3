"""The links in messages: the open pixel, and unsubscribing in one step without signing in.

Following a link changes nothing: mail scanners and previews follow links too. Only POST unsubscribes, from the page's
button or straight from the mail program (RFC 8058, one click). Tokens say nothing about whom they belong to, and an
answer says nothing about whether a pixel's token was ours.
"""

from __future__ import annotations

import logging
from base64 import b64decode

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from tenure.app.site import Site
from tenure.web.wording import words_for

log = logging.getLogger("tenure.web")
_PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_UNSEEN = {"Cache-Control": "no-store"}


def routes(site: Site, templates: Environment) -> APIRouter:
    """The routes under `/o/` and `/u/`."""
    router = APIRouter()

    @router.get("/o/{token}")
    def open_pixel(token: str) -> Response:
        try:
            site.record_open(token)
        except Exception as error:  # a reader's picture must load even when the store is away
            log.warning("an open was not recorded: %s", type(error).__name__)
        return Response(_PIXEL, media_type="image/gif", headers=_UNSEEN)

    @router.get("/u/{token}")
    def ask(token: str) -> HTMLResponse:
        locale = site.recipient(token)
        return _unknown() if locale is None else _page("unsubscribe.html", locale, 200)

    @router.post("/u/{token}")
    def unsubscribe(token: str) -> HTMLResponse:
        locale = site.recipient(token)
        if locale is None or not site.unsubscribe(token):
            return _unknown()
        return _page("unsubscribed.html", locale, 200)

    def _unknown() -> HTMLResponse:
        return _page("unknown_link.html", site.business.locale, 404)

    def _page(name: str, locale: str, status: int) -> HTMLResponse:
        text = templates.get_template(name).render(words=words_for(locale), shop=site.business.name)
        return HTMLResponse(text, status, headers=_UNSEEN)

    return router
