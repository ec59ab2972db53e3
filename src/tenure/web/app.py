"""The web application: the dashboard, the links in messages, the door for events, and whether all is well.

Everything is rendered on the server; one script draws charts from values that stand in the page. The policy in
`guard.py` allows nothing else: no inline script or style, nothing from elsewhere.
"""

from __future__ import annotations

import threading
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from tenure.app.site import Site
from tenure.domain.errors import TenureError
from tenure.insights.words import Words
from tenure.operations.overview import Overview
from tenure.web import dashboard, events, people
from tenure.web.assets import Assets
from tenure.web.guard import Guard

_FOR_EVER = "public, max-age=31536000, immutable"


def create_app(folder: Path) -> FastAPI:
    """The application of the workspace in a folder.

    Raises:
        TenureError: there is none, or its settings have a mistake.
    """
    from tenure import app
    from tenure.app.site import site_of

    return build(site_of(app.open_workspace(folder)))


def build(site: Site) -> FastAPI:
    """The application of a site."""
    application = FastAPI(title="Tenure", docs_url=None, redoc_url=None, openapi_url=None)
    assets = Assets()
    templates = _templates(assets)
    application.include_router(people.routes(site, templates))
    if site.ingestion is not None:
        application.include_router(events.routes(site.ingestion, site.business.base_url))
    _add_pages(application, site, templates)
    _add_health(application, site)
    _add_assets(application, assets)
    _add_refusals(application, templates)
    application.add_middleware(Guard, base_url=site.business.base_url)
    return application


def _templates(assets: Assets) -> Environment:
    found = Environment(loader=PackageLoader("tenure.web"), autoescape=True, undefined=StrictUndefined,
                        trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    found.globals["asset"] = assets.address
    return found


class Latest:
    """The overview of the current snapshot, computed once however many ask at a time."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._version = -1
        self._overview: Overview | None = None

    def get(self) -> tuple[int, Overview | None]:
        """The snapshot's number and its overview; None while nothing is published."""
        with self._lock:
            version = self._site.version()
            if version != self._version:
                self._overview = self._site.overview()
                self._version = version
            return self._version, self._overview


def _add_pages(application: FastAPI, site: Site, templates: Environment) -> None:
    latest, words = Latest(site), Words.of(site.business)

    @application.get("/")
    def overview(request: Request) -> Response:
        version, seen = latest.get()
        tag = f'W/"{version}"'
        if version and request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "no-cache"})
        name = "dashboard.html" if seen else "empty.html"
        text = templates.get_template(name).render(
            business=site.business, words=words, seen=seen, view=dashboard, version=version
        )
        return HTMLResponse(text, headers={"ETag": tag, "Cache-Control": "no-cache"})


def _add_health(application: FastAPI, site: Site) -> None:
    @application.api_route("/healthz", methods=["GET", "HEAD"])
    def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @application.api_route("/readyz", methods=["GET", "HEAD"])
    def readyz() -> JSONResponse:
        says = site.ready()
        return JSONResponse({"status": "not ready" if says else "ok", "says": says}, 503 if says else 200)


def _add_assets(application: FastAPI, assets: Assets) -> None:
    @application.get("/static/{path:path}")
    def static(path: str, request: Request) -> Response:
        found = assets.get(path)
        if found is None:
            return PlainTextResponse("There is no such file.\n", 404)
        is_this_one = request.query_params.get("v") == found.digest
        headers = {"ETag": f'"{found.digest}"', "Vary": "Accept-Encoding"}
        headers["Cache-Control"] = _FOR_EVER if is_this_one else "no-cache"
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(found.compressed, media_type=found.media_type,
                            headers={**headers, "Content-Encoding": "gzip"})  # fmt: skip
        return Response(found.content, media_type=found.media_type, headers=headers)


def _add_refusals(application: FastAPI, templates: Environment) -> None:
    def page(title: str, says: str, status: int) -> HTMLResponse:
        text = templates.get_template("refusal.html").render(title=title, says=says)
        return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})

    @application.exception_handler(TenureError)
    def refused(_: Request, error: TenureError) -> HTMLResponse:
        return page("The figures cannot be shown now", error.sentence, 503)

    @application.exception_handler(404)
    def missing(_: Request, __: Exception) -> HTMLResponse:
        return page("There is no such page", "The dashboard stands at the first page.", 404)

    @application.exception_handler(500)
    def broken(_: Request, __: Exception) -> HTMLResponse:
        return page("Something went wrong", "It stands in the log of `tenure serve`. Please report it.", 500)
