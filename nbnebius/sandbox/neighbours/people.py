"""The custom models of an Open WebUI, and the people who made them."""

from collections.abc import Mapping
from typing import Any

from nbnebius.sandbox.catalog import MODELS

ADA = {
    "id": "0b8f2c1e-7f0a-4f0e-9a53-2f6c1f0d7a01",
    "name": "Ada Admin",
    "role": "admin",
    "email": "ada@example.test",
}
BEN = {
    "id": "5d1c9a44-31c7-4d57-8a5e-9c0f6b2e8b02",
    "name": "Ben Builder",
    "role": "user",
    "email": "ben@example.test",
}
_FIRST = 1_795_213_886
_TASKS = ("Translator", "Summary", "Tutor", "Editor", "Coder", "Analyst", "Planner", "Critic")
_COUNT = 40
_UNICODE, _BARE, _ORPHAN = 12, 17, 23
_INACTIVE = frozenset({9, 19, 29})
_SHARED = frozenset({2, 14})


def _model(number: int) -> dict[str, Any]:
    base = [model for model in MODELS if model.talks][number % 5]
    task = _TASKS[number % len(_TASKS)]
    family = base.id.partition("/")[2].partition("-")[0].lower()
    owner = BEN if number % 4 == 0 else ADA
    name = "\u00dcbersetzer \u2728" if number == _UNICODE else f"{task} {number:02}"
    meta: dict[str, Any] = {
        "profile_image_url": "/static/favicon.png",
        "description": f"{task} on {base.id}",
        "capabilities": {"vision": base.kind == "vision", "function_calling": number % 2 == 0},
        "tags": [{"name": family}, {"name": "Gr\u00f6\u00dfe" if number == _UNICODE else "work"}],
    }
    if number == _BARE:
        meta = {"profile_image_url": "/static/favicon.png", "description": None}
        meta["capabilities"] = None
    # Ten are made in one second, so that their times tell no order.
    made = _FIRST + number // 10
    model: dict[str, Any] = {
        "id": f"{task.lower()}-{number:02}",
        "user_id": owner["id"],
        "base_model_id": base.id,
        "name": name,
        "params": {"temperature": round(number / 40, 3), "max_tokens": 100 + number},
        "meta": meta,
        "access_grants": [_grant(number, made)] if number in _SHARED or owner is BEN else [],
        "is_active": number not in _INACTIVE,
        "updated_at": made + number % 3,
        "created_at": made,
        "user": None if number == _ORPHAN else owner,
        "write_access": True,
    }
    return model


def _grant(number: int, made: int) -> dict[str, object]:
    return {
        "id": f"4051c0f0-85a4-4d89-9c09-{number:012}",
        "resource_type": "model",
        "resource_id": f"{_TASKS[number % len(_TASKS)].lower()}-{number:02}",
        "principal_type": "user",
        "principal_id": "*",
        "permission": "read",
        "created_at": made,
    }


CUSTOM: tuple[Mapping[str, Any], ...] = tuple(_model(number) for number in range(1, _COUNT + 1))
