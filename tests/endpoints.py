"""
The table of endpoints in the README, made from what is really there.

``python tests/endpoints.py`` writes it anew. A test checks that it is current, and that every
magic, function, route and test it names exists.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- endpoints -->", "<!-- /endpoints -->"

REMOTE = "tests/kernel/test_remote.py"

# endpoint: magic, function, test
ENDPOINTS = {
    "POST /v1/chat/completions": ("%chat", "chat", "tests/kernel/test_chat.py"),
    "POST /v1/completions": ("%completion", "completion", "tests/kernel/test_completion.py"),
    "POST /v1/embeddings": ("%embed", "embed", "tests/contract/test_session_embed.py"),
    "POST /v1/rerank": ("", "rerank", REMOTE),
    "POST /v1/images/generations": ("%image", "image", "tests/contract/test_session_image.py"),
    "GET /v1/models": ("%models", "models", "tests/contract/test_session_service.py"),
    "GET /v1/files": ("%nebius files", "files", REMOTE),
    "POST /v1/files": ("", "upload", REMOTE),
    "GET /v1/files/{id}/content": ("", "download", REMOTE),
    "DELETE /v1/files/{id}": ("", "delete_file", REMOTE),
    "GET /v1/batches": ("%batches", "batches", REMOTE),
    "POST /v1/batches": ("", "create_batch", REMOTE),
    "GET /v1/batches/{id}": ("%batches", "get_batch", REMOTE),
    "POST /v1/batches/{id}/cancel": ("%batches", "cancel_batch", REMOTE),
    "GET /v0/models": ("%nebius custom-models", "custom_models", REMOTE),
    "POST /v0/models": ("", "create_custom_model", REMOTE),
    "DELETE /v0/models/{name}": ("", "delete_custom_model", REMOTE),
    "GET /api/v1/models/list": ("%models", "models", REMOTE),
    "GET /api/v1/serverless/models": ("%models", "models", REMOTE),
}


def table() -> str:
    """Make the table."""
    lines = ["| endpoint | magic | Python | sandbox | test |", "|---|---|---|---|---|"]
    for endpoint, (magic, function, test) in ENDPOINTS.items():
        shown = f"`{magic}`" if magic else ""
        lines.append(
            f"| `{endpoint}` | {shown} | `{function}` | yes | [{Path(test).stem}]({test}) |"
        )
    return "\n".join(lines)


def current() -> str:
    """Give the table that stands in the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return text.split(BEGIN, 1)[1].split(END, 1)[0].strip()


def main() -> None:
    """Write the table into the README."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    path.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
