"""Webhooks in a Flask app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, request

import cxkit
from cxkit.adapters import Request
from cxkit.errors import BadSignatureError, InvalidValueError, RetriableAdapterError, StoreError

if TYPE_CHECKING:
    from cxkit.adapters import Adapter

LARGEST = 8 * 1024 * 1024


def create_app(adapter: Adapter, shop: cxkit.Workspace, public_url: str) -> Flask:
    """Return an app that takes an adapter's webhooks at ``/webhooks/<its name>``.

    Args:
        adapter: such as ``cxkit.adapter("shopify")``.
        shop: where the events go; threads may share it.
        public_url: how the app is reached from outside, without a path: ``https://hooks.shop.example``. Behind a proxy
            the app sees another one, and signatures may cover it.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST  # else anybody may fill the memory before a signature is looked at

    @app.post(f"/webhooks/{adapter.name}")
    def webhook() -> tuple[dict[str, int] | str, int]:
        # Not `request.url`, where Flask has decoded what was percent-encoded, and not `request.json`: both are written
        # anew, and a signature covers what was sent.
        query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
        url = f"{public_url}{request.path}{query}"
        try:
            taken = cxkit.receive(adapter, Request("POST", url, request.headers.items(), request.get_data()), shop)
        except BadSignatureError as error:
            return str(error), 401
        except InvalidValueError as error:
            return str(error), 400
        except (RetriableAdapterError, StoreError):
            return "try again later", 503
        return {"new": taken.new}, 200

    return app
