"""Webhooks in a Django project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

import cxkit
from cxkit.adapters import Request
from cxkit.errors import BadSignatureError, InvalidValueError, RetriableAdapterError, StoreError

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.urls import URLPattern

    from cxkit.adapters import Adapter


def webhook_path(adapter: Adapter, shop: cxkit.Workspace, public_url: str) -> URLPattern:
    """Return a path for `urlpatterns`, which takes an adapter's webhooks at ``webhooks/<its name>``.

    Bodies are as large as the setting DATA_UPLOAD_MAX_MEMORY_SIZE lets them be; Django answers larger ones with 400.

    Args:
        adapter: such as ``cxkit.adapter("shopify")``.
        shop: where the events go; threads may share it.
        public_url: how the project is reached from outside, without a path: ``https://hooks.shop.example``. Behind a
            proxy it sees another one, and signatures may cover it.
    """

    def webhook(request: HttpRequest) -> HttpResponse:
        # Not `build_absolute_uri`, which writes the address anew: a signature covers what was sent.
        query = f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else ""
        url = f"{public_url}{request.path}{query}"
        try:
            taken = cxkit.receive(adapter, Request("POST", url, request.headers.items(), request.body), shop)
        except BadSignatureError as error:
            return HttpResponse(str(error), status=401, content_type="text/plain")
        except InvalidValueError as error:
            return HttpResponse(str(error), status=400, content_type="text/plain")
        except (RetriableAdapterError, StoreError):
            return HttpResponse("try again later", status=503, content_type="text/plain")
        return JsonResponse({"new": taken.new})

    # A vendor has no session and so no token of it: the signature stands in for that.
    return path(f"webhooks/{adapter.name}", csrf_exempt(require_POST(webhook)))
