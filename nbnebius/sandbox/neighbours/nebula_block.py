"""The list of serverless models of a Nebula Block."""

from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.wire.body import json_answer

_HUB = "https://huggingface.co/"
# The first three stand like this in the documentation; its price has no unit there.
_ROWS: tuple[tuple[str, str, str, int | None, float, str], ...] = (
    (
        "deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "DeepSeek-R1-Distill-Llama-70B", "Text",
        32768, 0,
        ("A highly advanced, distilled version of the LLaMA 70B model developed by DeepSeek, "
         "optimized for efficiency and performance"),
    ),
    (
        "stabilityai/stable-diffusion-xl-base-1.0", "SD-XL 1.0-base", "Image", None, 0.009,
        ("A high-resolution latent diffusion model designed for generating detailed and "
         "high-quality images"),
    ),
    (
        "WhereIsAI/UAE-Large-V1", "UAE-Large-V1", "Embedding", 512, 0.012,
        ("A universal English sentence embedding model by WhereIsAI with 1024-dim embeddings and "
         "512 context length support"),
    ),
    (
        "meta-llama/Llama-3.3-70B-Instruct", "Llama-3.3-70B-Instruct", "Text", 131072, 0.2,
        "A row of the sandbox's own",
    ),
    (
        "Qwen/Qwen2.5-VL-7B-Instruct", "Qwen2.5-VL-7B-Instruct", "Vision", 32768, 0.1,
        "A row of the sandbox's own",
    ),
)  # fmt: skip


async def listing(_request: Request) -> Response:
    """List the models; ``--fault failed`` makes it fail as the real one does, with a 200."""
    models = [
        {
            "model_name": name,
            "model_alias": alias,
            "model_type": kind,
            "context_length": context,
            "max_completion_tokens": 10000,
            "description": description,
            "price": price,
            "huggingface_url": _HUB + name,
        }
        for name, alias, kind, context, price, description in _ROWS
    ]
    body = {
        "data": {"models": models},
        "message": "Get models list successfully.",
        "status": "success",
    }
    return json_answer(body)
