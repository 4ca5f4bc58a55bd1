"""The few pages that the gateway itself has: the landing page, the API's documentation, the door of a private link.

Nothing in them comes from elsewhere, and no script or style stands in the page: the policy forbids both.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from gateway.http import Refused

PAGE_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; media-src 'self' blob:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
# The portal's scripts never turn a text into markup or code. A frame shows a document that the page itself has fetched.
PORTAL_CSP = PAGE_CSP + "; frame-src blob:; require-trusted-types-for 'script'"
# Swagger UI sets style attributes; scripts stay our own.
DOCS_CSP = PAGE_CSP.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
FOREVER = "public, max-age=31536000, immutable"
NOT_PAGES = ("/v1/", "/oauth/", "/health/", "/assets/")
PORTAL = Path(__file__).parent / "portal" / "dist"

STYLE = """
:root { color-scheme: light dark; --accent: light-dark(#0b6e6e, #5cc8c4); --line: light-dark(#d9e2e2, #33403f);
  font: 16px/1.6 system-ui, sans-serif; background: light-dark(#f4f8f8, #101717); color: light-dark(#182424, #e3ecec) }
body { margin: 0 }
main { max-width: 42rem; margin: 12vh auto; padding: 2rem 2.5rem; background: light-dark(#fff, #182121);
  border: 1px solid var(--line); border-top: 4px solid var(--accent); border-radius: .5rem; overflow-wrap: anywhere }
h1 { margin-top: 0; line-height: 1.2 }
a { color: var(--accent) }
small { opacity: .75 }
hr { border: 0; border-top: 1px solid var(--line) }
article p { white-space: pre-line }
button { font: inherit; padding: .6rem 1.4rem; border: 0; border-radius: .4rem; cursor: pointer;
  background: var(--accent); color: light-dark(#fff, #101717) }
@media (max-width: 40rem) { main { margin: 0; border-radius: 0; border-width: 4px 0 0; padding: 1.5rem } }
"""
LINK_JS = 'document.getElementById("open").submit();\n'
DOCS_JS = """
window.ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#docs", deepLinking: true, displayOperationId: true, filter: true,
  docExpansion: "none", defaultModelsExpandDepth: 0, validatorUrl: null, queryConfigEnabled: false,
  requestInterceptor: (request) => {
    const csrf = document.cookie.split("; ").find((c) => c.startsWith("__Host-csrf="));
    if (csrf && request.method !== "GET") request.headers["X-CSRF-Token"] = csrf.slice("__Host-csrf=".length);
    return request;
  },
});
"""
OWN = {
    "page.css": (STYLE, "text/css"),
    "link.js": (LINK_JS, "text/javascript"),
    "docs.js": (DOCS_JS, "text/javascript"),
}


def page(title: str, body: str, head: str = "") -> str:
    """A whole page; both parts are HTML already."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="stylesheet" href="/assets/page.css">{head}</head>'
        f"<body><main>{body}</main></body></html>"
    )


LANDING = page(
    "Archwire",
    "<h1>Archwire</h1><p>The platform is running.</p><ul>"
    '<li><a href="/docs">API documentation</a></li>'
    '<li><a href="/openapi.json">OpenAPI document</a></li>'
    '<li><a href="/sandbox/outbox">What families would have received</a> (once signed in)</li>'
    '<li><a href="/health/ready">Health</a></li></ul>',
)
FAMILY = page(
    "Your private page",
    "<h1>Your private page</h1><p>Your link is valid. The pages for families are not part of this version yet: "
    "please ask your practice to go through your options and papers with you.</p>",
)
DOCS = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Archwire API</title>'
    '<link rel="stylesheet" href="/assets/swagger/swagger-ui.css"></head><body><div id="docs"></div>'
    '<script src="/assets/swagger/swagger-ui-bundle.js"></script><script src="/assets/docs.js"></script></body></html>'
)


def _page(html: str, csp: str = PAGE_CSP) -> Any:
    async def show(_request: Any) -> Response:
        return HTMLResponse(html, headers={"Content-Security-Policy": csp, "Cache-Control": "no-cache"})

    return show


async def _portal(request: Any) -> Response:
    """Every path of the portal is the same page: the portal itself reads the address."""
    if request.url.path.startswith(NOT_PAGES):
        raise Refused(404, "NOT_FOUND", "there is nothing at this path")
    index = (PORTAL / "index.html").read_text()
    return HTMLResponse(index, headers={"Content-Security-Policy": PORTAL_CSP, "Cache-Control": "no-cache"})


def routes() -> list[Any]:
    """The routes of all pages. The portal takes `/` and every path that nothing else has, once it has been built."""
    swagger = StaticFiles(directory=str(files("fastapi_offline").joinpath("static")))
    found: list[Any] = [
        Route("/docs", _page(DOCS, DOCS_CSP)),
        *(Route(f"/assets/{name}", _named(name)) for name in OWN),
        Mount("/assets/swagger", swagger),
    ]
    if (PORTAL / "index.html").exists():
        found += [Mount("/assets", Immutable(directory=PORTAL / "assets")), Route("/", _portal)]
        found += [Route("/{path:path}", _portal)]
    else:
        found += [Route("/", _page(LANDING)), Route("/shared", _page(FAMILY))]
    return found


def _named(name: str) -> Any:
    content, kind = OWN[name]

    async def show(_request: Any) -> Response:
        return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})

    return show


class Immutable(StaticFiles):
    """Files whose names change with their content."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        response = super().file_response(*arguments, **options)
        response.headers["Cache-Control"] = FOREVER
        return response
