"""Webhooks in a FastAPI app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import fastapi
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse

import cxkit
from cxkit.adapters import Request
from cxkit.errors import BadSignatureError, InvalidValueError, RetriableAdapterError, StoreError

if TYPE_CHECKING:
    from cxkit.adapters import Adapter

LARGEST = 8 * 1024 * 1024


def create_app(adapter: Adapter, shop: cxkit.Workspace, public_url: str) -> fastapi.FastAPI:
    """Return an app that takes an adapter's webhooks at ``/webhooks/<its name>``.

    Args:
        adapter: such as ``cxkit.adapter("shopify")``.
        shop: where the events go; threads may share it.
        public_url: how the app is reached from outside, without a path: ``https://hooks.shop.example``. Behind a proxy
            the app sees another one, and signatures may cover it.
    """
    app = fastapi.FastAPI()

    @app.post(f"/webhooks/{adapter.name}")
    async def webhook(request: fastapi.Request) -> fastapi.Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST:  # else anybody may fill the memory before a signature is looked at
                return PlainTextResponse("too large", 413)
        # Not `request.json()` or a model as the argument, and not `request.url`: those were read and written anew, and
        # a signature covers what was sent.
        query = f"?{request.scope['query_string'].decode('latin-1')}" if request.scope["query_string"] else ""
        url = f"{public_url}{request.scope['path']}{query}"
        try:
            sent = Request("POST", url, request.headers.items(), body)
            taken = await run_in_threadpool(cxkit.receive, adapter, sent, shop)  # it writes to a disk
        except BadSignatureError as error:
            return PlainTextResponse(str(error), 401)
        except InvalidValueError as error:
            return PlainTextResponse(str(error), 400)
        except (RetriableAdapterError, StoreError):
            return PlainTextResponse("try again later", 503)
        return JSONResponse({"new": taken.new})

    return app
