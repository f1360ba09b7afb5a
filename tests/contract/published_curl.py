"""
The curl samples of the API's own documentation, and the repairs that they need.

Sources: the pages "Examples of using the Nebius AI Studio API", "Create a custom model" and "List
of custom models" of the Nebius documentation, as their text was published; without indentation,
where there was none. The samples stand in the order of the pages.
"""

from contract.published import Repair, Sample

HOST = "https://api.studio.nebius.com/"

# Where the pages write a key; the others read it from the environment.
TOKEN = "<token>"

_ID = "a placeholder for an id"

CHAT = Sample(
    "chat",
    """\
curl 'https://api.studio.nebius.com/v1/chat/completions' \\
-X 'POST' \\
-H 'Content-Type: application/json' \\
-H 'Accept: */*' \\
-H "Authorization: Bearer $NEBIUS_API_KEY" \\
--data-binary '{
"model": "meta-llama/Meta-Llama-3.1-70B-Instruct",
"messages": [
{
"role": "system",
"content": "You are a chemistry expert. Add jokes about cats to your responses from time to time."
},
{
"role": "user",
"content": "Hello!"
},
{
"role": "assistant",
"content": "Hello! How can I assist you with chemistry today? And did you hear about the cat who \
became a chemist? She had nine lives, but she only needed one formula!"
}
],
"max_tokens": 100,
"temperature": 1,
"top_p": 1,
"top_k": 50,
"n": 1,
"stream": false,
"stream_options": null,
"stop": null,
"presence_penalty": 0,
"frequency_penalty": 0,
"logit_bias": null,
"logprobs": false,
"top_logprobs": null,
"user": null,
"guided_json": {"type": "object", "properties": {...}}
"response_format": {"type": "json_object"}
}
'
""",
    (
        Repair("{...}", '{"joke": {"type": "string"}}', "a placeholder"),
        Repair('\n"response_format"', ',\n"response_format"', "no comma"),
    ),
)

VISION = Sample(
    "vision",
    """\
curl 'https://api.studio.nebius.com/v1/chat/completions' \\
-X 'POST' \\
-H 'Content-Type: application/json' \\
-H 'Accept: */*' \\
-H "Authorization: Bearer $NEBIUS_API_KEY" \\
--data-binary '{
"model": "Qwen/Qwen2-VL-72B-Instruct",
"messages": [
{
"role": "user",
"content": [
{
"type": "text",
"text": "What\u2019s in this image?"
},
{
"type": "image_url",
"image_url": {
"url": "https://upload.wikimedia.org/wikipedia/commons/thumb/d/dd/Gfp-wisconsin-madison-the-\
nature-boardwalk.jpg/2560px-Gfp-wisconsin-madison-the-nature-boardwalk.jpg"
}
}
]
}
],
"max_tokens": 100
}
'
""",
)

COMPLETION = Sample(
    "completion",
    """\
curl 'https://api.studio.nebius.com/v1/completions' \\
-H "Content-Type: application/json" \\
-H "Authorization: $NEBIUS_API_KEY" \\
-d '{
"model": "meta-llama/Meta-Llama-3.1-70B-Instruct"
"prompt": "Say my name",
"max_tokens": 7,
"temperature": 0,
"stream": true
}'
""",
    (
        Repair("Authorization: $", "Authorization: Bearer $", "a key without its scheme"),
        Repair('\n"prompt"', ',\n"prompt"', "no comma"),
    ),
)

MODELS = Sample(
    "models",
    """\
curl https://api.studio.nebius.com/v1/models \\
-H "Authorization: Bearer $NEBIUS_API_KEY"
""",
)

IMAGE = Sample(
    "image",
    """\
curl https://api.studio.nebius.com/v1/images/generations \\
-H "Authorization: Bearer $NEBIUS_API_KEY" \\
-H "Content-Type: application/json" \\
-d '{
"model": "stability-ai/sdxl",
"prompt": "An elephant in a desert",
"response_format": "b64_json",
"response_extension": "webp",
"width": 512,
"height": 512,
"num_inference_steps": 30,
"seed": -1,
"negative_prompt": "Giraffes, night sky"
}'
""",
)

EMBEDDING = Sample(
    "embedding",
    """\
curl https://api.studio.nebius.com/v1/embeddings \\
-H "Authorization: Bearer $NEBIUS_API_KEY" \\
-H "Content-Type: application/json" \\
-d '{
"input": "Wake up, Neo...",
"model": "BAAI/bge-en-icl",
"encoding_format": "float"
}'
""",
)

FILE_UPLOAD = Sample(
    "file upload",
    """\
curl https://api.studio.nebius.com/v1/files \\
-H "Authorization: Bearer $NEBIUS_API_KEY" \\
-F purpose="batch" \\
-F file="@batch-requests.jsonl"
""",
)

FILE_INFO = Sample(
    "file info",
    """\
curl https://api.studio.nebius.com/v1/files/file-123 \\
-H "Authorization: Bearer $NEBIUS_API_KEY"
""",
    (Repair("file-123", "$FILE_ID", _ID),),
)

FILE_CONTENT = Sample(
    "file content",
    """\
curl https://api.studio.nebius.com/v1/files/file-123/content \\
-H "Authorization: Bearer $NEBIUS_API_KEY" > batch_result.jsonl
""",
    (Repair("file-123", "$FILE_ID", _ID),),
)

FILE_LIST = Sample(
    "file list",
    """\
curl https://api.studio.nebius.com/v1/files \\
-H "Authorization: Bearer $NEBIUS_API_KEY"
""",
)

FILE_DELETE = Sample(
    "file deletion",
    """\
curl https://api.studio.nebius.com/v1/files/batch_123 \\
-H "Authorization: Bearer $NEBIUS_API_KEY" \\
-X DELETE
""",
    (Repair("batch_123", "$FILE_ID", _ID),),
)

BATCH_CREATE = Sample(
    "batch creation",
    """\
curl https://api.studio.nebius.com/v1/batches \\
-H "Authorization: Bearer $NEBIUS_API_KEY" \\
-H "Content-Type: application/json" \\
-d '{
"input_file_id": "file-123",
"endpoint": "/v1/chat/completions",
"completion_window": "24h"
}'
""",
    (Repair('"file-123"', "\"'$FILE_ID'\"", _ID),),
)

# Bash forgives the backslash at the end.
BATCH_INFO = Sample(
    "batch info",
    """\
curl https://api.studio.nebius.com/v1/batches/batch_123 \\
-H "Authorization: Bearer $NEBIUS_API_KEY" \\
-F purpose="batch" \\
-H "Content-Type: application/json" \\
""",
    (
        Repair("batch_123", "$BATCH_ID", _ID),
        Repair('-F purpose="batch" \\\n', "", "a form makes it a POST; to look is a GET"),
    ),
)

BATCH_LIST = Sample(
    "batch list",
    """\
curl https://api.studio.nebius.com/v1/batches?limit=5 \\
-H "Authorization: Bearer $NEBIUS_API_KEY" \\
-H "Content-Type: application/json"
""",
)

BATCH_CANCEL = Sample(
    "batch cancelling",
    """\
curl https://api.studio.nebius.com/v1/batches/batch_123/cancel \\
-H "Authorization: Bearer $NEBIUS_API_KEY" \\
-H "Content-Type: application/json" \\
-X POST
""",
    (Repair("batch_123", "$BATCH_ID", _ID),),
)

CUSTOM_CREATE = Sample(
    "custom model creation",
    """\
curl --request POST \\
  --url https://api.studio.nebius.com/v0/models \\
  --header 'Authorization: Bearer <token>' \\
  --header 'Content-Type: application/json' \\
  --data '{
  "name": "my-custom-model",
  "base_model": "meta-llama/Meta-Llama-3.1-8B-Instruct-fast",
  "source": "ftjob-1234567890:ftckpt_1234567890",
  "description": "<string>"
}'
""",
)

CUSTOM_LIST = Sample(
    "custom model list",
    """\
curl --request GET \\
  --url https://api.studio.nebius.com/v0/models \\
  --header 'Authorization: Bearer <token>'
""",
)

SAMPLES = (
    CHAT, VISION, COMPLETION, MODELS, IMAGE, EMBEDDING,
    FILE_UPLOAD, FILE_INFO, FILE_CONTENT, FILE_LIST, FILE_DELETE,
    BATCH_CREATE, BATCH_INFO, BATCH_LIST, BATCH_CANCEL,
    CUSTOM_CREATE, CUSTOM_LIST,
)  # fmt: skip

# How many places of each sample do not run as they were published.
REPAIRS = {
    "chat": 2, "vision": 0, "completion": 2, "models": 0, "image": 0, "embedding": 0,
    "file upload": 0, "file info": 1, "file content": 1, "file list": 0, "file deletion": 1,
    "batch creation": 1, "batch info": 2, "batch list": 0, "batch cancelling": 1,
    "custom model creation": 0, "custom model list": 0,
}  # fmt: skip

# What the pages on custom models print as answers; keys are checked.
CUSTOM_CREATED = {"name", "base_model", "source", "description", "created_at", "status"}
CUSTOM_ROW = {
    "type", "name", "status", "logo_url", "huggingface_url", "flavors", "fine_tune", "vendor",
    "tags", "use_cases", "context_window_k", "size_b", "quality", "policy_url", "license",
    "status_reason", "checkpoint_id", "job_id", "file_id", "url",
}  # fmt: skip
CUSTOM_FLAVOR = {
    "model_id", "alias_for", "quantization", "model_type", "model_name", "model_description",
    "label", "input_price_per_million_tokens", "output_price_per_million_tokens",
    "tokens_per_second", "input_tps", "limits", "max_model_len", "owners",
    "supports_lora_adapters", "regions", "ai_project_ids", "context_window_k",
}  # fmt: skip
