"""A custom model as the two pages of the documentation show it."""

from nbnebius.sandbox.catalog import BY_ID, REQUESTS_PER_MINUTE, TOKENS_PER_MINUTE
from nbnebius.sandbox.custom.source import read_source
from nbnebius.sandbox.keeping.customs import Custom


def created(custom: Custom, status: str) -> dict[str, object]:
    """Write the answer to the request that made it."""
    return {
        "name": custom.name,
        "base_model": custom.base_model,
        "source": custom.source,
        "description": custom.description,
        "created_at": custom.created_at,
        "status": status,
    }


def listed(custom: Custom, status: str) -> dict[str, object]:
    """Write its row in the list."""
    base = BY_ID.get(custom.base)
    context_k = base.context // 1024 if base else 0
    fields = read_source(custom.source).fields
    return {
        "type": "text2text",
        "name": custom.name,
        "status": status,
        "status_reason": custom.flaw if status == "error" else None,
        "description": custom.description,
        "created_at": custom.created_at,
        "logo_url": None,
        "huggingface_url": fields.get("huggingface_url"),
        "flavors": [_flavor(custom, context_k)] if status == "active" else [],
        "fine_tune": None,
        "vendor": custom.base.partition("/")[0],
        "tags": ["LoRA"],
        "use_cases": [],
        "context_window_k": context_k,
        "size_b": 0,
        "quality": None,
        "policy_url": None,
        "license": None,
        "checkpoint_id": fields.get("checkpoint_id"),
        "job_id": fields.get("job_id"),
        "file_id": fields.get("file_id"),
        "url": fields.get("url"),
    }


def _flavor(custom: Custom, context_k: int) -> dict[str, object]:
    base = BY_ID.get(custom.base)
    return {
        "model_id": custom.name,
        "alias_for": None,
        "quantization": base.quantization if base else None,
        "model_type": "text2text",
        "model_name": custom.short,
        "model_description": custom.description or "",
        "label": "base",
        "input_price_per_million_tokens": base.price_in if base else None,
        "output_price_per_million_tokens": base.price_out if base else None,
        "tokens_per_second": None,
        "input_tps": None,
        "limits": {
            "tokens_per_minute": TOKENS_PER_MINUTE,
            "requests_per_minute": REQUESTS_PER_MINUTE,
            "burst_ratio": 1,
            "dynamic": {"enabled": False},
            "user_specific": {},
        },
        "max_model_len": base.context if base else None,
        "owners": [],
        "supports_lora_adapters": True,
        "regions": [{"country_code": "", "name": "loopback"}],
        "ai_project_ids": [custom.project] if custom.project else [],
        "context_window_k": context_k,
    }
