"""
The models of the sandbox.

Ids and kinds are those of the service's documentation, so that published examples run. Prices,
limits and dates are the sandbox's own: plausible US dollars, charged to nobody. Embedding models
have 1024 dimensions, but for Qwen/Qwen3-Embedding-8B, which has the 4096 of its namesake; every
one can be asked for fewer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["chat", "vision", "embedding", "image", "rerank"]

_CREATED = 1_724_480_826
REQUESTS_PER_MINUTE = 6_000
TOKENS_PER_MINUTE = 10_000_000
SAMPLING = (
    "temperature", "top_p", "top_k", "max_tokens", "stop", "seed", "logprobs", "n",
    "presence_penalty", "frequency_penalty",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    """
    One row of the catalog.

    Parameters
    ----------
    id, kind
        The name, letter for letter, and what it does.
    context
        How many tokens fit.
    price_in, price_out, price_image
        US dollars per million tokens, and per image.
    features
        The vocabulary of the verbose list.
    quantization
        How the weights would be stored.
    thoughts
        The message fields that carry reasoning.
    dimensions
        The native length of an embedding.
    sparse
        Whether the verbose list shows the plain row, as it does for some models.
    """

    id: str
    kind: Kind
    context: int = 131_072
    price_in: float = 0.0
    price_out: float = 0.0
    price_image: float = 0.0
    features: tuple[str, ...] = ()
    quantization: str | None = "fp8"
    thoughts: tuple[str, ...] = ()
    dimensions: int = 0
    sparse: bool = False

    @property
    def talks(self) -> bool:
        """Tell whether chat and completions take this model."""
        return self.kind in {"chat", "vision"}

    def row(self, *, verbose: bool) -> dict[str, object]:
        """Write the row as the model list shows it."""
        plain: dict[str, object] = {
            "id": self.id,
            "object": "model",
            "created": _CREATED,
            "owned_by": "sandbox",
        }
        return plain | self._details() if verbose and not self.sparse else plain

    def _details(self) -> dict[str, object]:
        modality = {
            "chat": "text->text",
            "vision": "text+image->text",
            "embedding": "text->embedding",
            "image": "text->image",
            "rerank": "text->rerank",
        }[self.kind]
        details: dict[str, object] = {
            "name": self.id.partition("/")[2].replace("-", " "),
            "description": "Answered by the sandbox's own engines on this computer.",
            "status": "active",
            "context_length": self.context,
            "architecture": {"modality": modality, "tokenizer": "Other"},
            "regions": ["loopback"],
            "pricing": {
                "prompt": _dollars(self.price_in / 1e6),
                "completion": _dollars(self.price_out / 1e6),
                "image": _dollars(self.price_image),
                "request": "0",
                "price_per_minute": "0",
            },
            "per_request_limits": {
                "requests_per_minute": float(REQUESTS_PER_MINUTE),
                "tokens_per_minute": float(TOKENS_PER_MINUTE),
            },
            "supported_features": list(self.features),
            "supported_sampling_parameters": list(SAMPLING if self.talks else ()),
        }
        # Rows of the real list lack any field; these lack the one that is not known.
        return (
            details if self.quantization is None else details | {"quantization": self.quantization}
        )


def _dollars(amount: float) -> str:
    return f"{amount:.10f}".rstrip("0").rstrip(".") or "0"


_TALK = ("tools", "json_mode", "structured_outputs")
_THINK = (*_TALK, "reasoning")
_BOTH = ("reasoning", "reasoning_content")
_CONTENT = ("reasoning_content",)

MODELS = (
    Model("meta-llama/Meta-Llama-3.1-8B-Instruct", "chat", 131_072, 0.02, 0.06, features=_TALK),
    Model("meta-llama/Meta-Llama-3.1-70B-Instruct", "chat", 131_072, 0.13, 0.40, features=_TALK),
    Model("meta-llama/Llama-3.3-70B-Instruct", "chat", 131_072, 0.13, 0.40, features=_TALK),
    Model(
        "Qwen/Qwen3-32B", "chat", 40_960, 0.10, 0.30, features=_THINK, thoughts=_CONTENT
    ),
    Model(
        "openai/gpt-oss-120b", "chat", 131_072, 0.15, 0.60,
        features=_THINK, quantization="fp4", thoughts=_BOTH,
    ),
    Model(
        "deepseek-ai/DeepSeek-R1-0528", "chat", 163_840, 0.80, 2.40,
        features=("tools", "reasoning"), thoughts=_CONTENT,
    ),
    Model("mistralai/Mistral-Nemo-Instruct-2407", "chat", 8_192, 0.04, 0.12, sparse=True),
    Model("Qwen/Qwen2-VL-72B-Instruct", "vision", 32_768, 0.13, 0.40, features=_TALK),
    Model("Qwen/Qwen2.5-VL-72B-Instruct", "vision", 32_768, 0.25, 0.75, features=_TALK),
    Model(
        "BAAI/bge-en-icl", "embedding", 32_768, 0.01, quantization=None, dimensions=1024
    ),
    Model("BAAI/bge-multilingual-gemma2", "embedding", 8_192, 0.01, dimensions=1024),
    Model("intfloat/e5-mistral-7b-instruct", "embedding", 32_768, 0.01, dimensions=1024),
    Model(
        "Qwen/Qwen3-Embedding-8B", "embedding", 40_960, 0.01, quantization="bf16", dimensions=4096
    ),
    Model("Qwen/Qwen3-Reranker-8B", "rerank", 40_960, 0.01, quantization="bf16"),
    Model("stability-ai/sdxl", "image", 77, price_image=0.003, quantization=None),
    Model("black-forest-labs/flux-schnell", "image", 512, price_image=0.0013),
    Model("black-forest-labs/flux-dev", "image", 512, price_image=0.007),
)  # fmt: skip

BY_ID = {model.id: model for model in MODELS}

FindModel = Callable[[str, str], Model]
"""Finds the model with an id that does a certain deed."""
