"""
The Python samples of the API's own documentation, and the repairs that they need.

Source: the page "Examples of using the Nebius AI Studio API" of the Nebius documentation, as its
text was published. The text has no indentation, which Python forgives inside brackets; the samples
stand here exactly like that. Some use what an earlier one has made; they are run in that order.
"""

from dataclasses import dataclass

_CLIENT = """\
import os
from openai import OpenAI
client = OpenAI(
base_url="https://api.studio.nebius.com/v1/",
api_key=os.environ.get("NEBIUS_API_KEY"),
)
"""
_CLIENT_WITHOUT_OS = _CLIENT.removeprefix("import os\n")


@dataclass(frozen=True, slots=True)
class Repair:
    """A piece of a published sample that does not run, what to put there, and why."""

    published: str
    runs: str
    why: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A published sample, its repairs, and the name that its result gets."""

    name: str
    text: str
    repairs: tuple[Repair, ...] = ()

    def repaired(self) -> str:
        """Apply every repair; each must fit exactly one place."""
        text = self.text
        for repair in self.repairs:
            assert text.count(repair.published) == 1, (self.name, repair)
            text = text.replace(repair.published, repair.runs)
        return text


_NO_OS = Repair(
    "from openai import OpenAI\n", "import os\nfrom openai import OpenAI\n", "no import"
)
_KEEP = "keep the result, to look at it"

CHAT = Sample(
    "chat",
    _CLIENT
    + """\
completion = client.chat.completions.create(
model="meta-llama/Meta-Llama-3.1-70B-Instruct",
messages=[
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
max_tokens=100,
temperature=1,
top_p=1,
top_k=50,
n=1,
stream=false,
stream_options=null,
stop=null,
presence_penalty=0,
frequency_penalty=0,
logit_bias=null,
logprobs=false,
top_logprobs=null,
user=null,
extra_body={
"guided_json": {"type": "object", "properties": {...}}
},
response_format={
"type": "json_object"
}
)
print(completion.to_json())
""",
    (
        Repair("top_k=50,\n", "", "the SDK knows no top_k; it goes into extra_body"),
        Repair("extra_body={\n", 'extra_body={\n"top_k": 50,\n', "here it is"),
        Repair("stream=false,", "stream=False,", "JSON, not Python"),
        Repair("logprobs=false,", "logprobs=False,", "JSON, not Python"),
        Repair("stream_options=null,", "stream_options=None,", "JSON, not Python"),
        Repair("stop=null,", "stop=None,", "JSON, not Python"),
        Repair("logit_bias=null,", "logit_bias=None,", "JSON, not Python"),
        Repair("top_logprobs=null,", "top_logprobs=None,", "JSON, not Python"),
        Repair("user=null,", "user=None,", "JSON, not Python"),
        Repair("{...}", '{"joke": {"type": "string"}}', "a placeholder"),
    ),
)

VISION = Sample(
    "vision",
    _CLIENT_WITHOUT_OS
    + """\
response = client.chat.completions.create(
model="Qwen/Qwen2-VL-72B-Instruct",
messages=[
{
"role": "user",
"content": [
{"type": "text", "text": "What\u2019s in this image?"},
{
"type": "image_url",
"image_url": {
"url": "https://upload.wikimedia.org/wikipedia/commons/thumb/d/dd/Gfp-wisconsin-madison-the-\
nature-boardwalk.jpg/2560px-Gfp-wisconsin-madison-the-nature-boardwalk.jpg",
},
},
],
}
],
max_tokens=300,
)
print(response.choices[0])
""",
    (_NO_OS,),
)

COMPLETION = Sample(
    "completion",
    _CLIENT_WITHOUT_OS
    + """\
for chunk in client.completions.create(
model="meta-llama/Meta-Llama-3.1-70B-Instruct",
prompt="Say my name",
max_tokens=7,
temperature=0,
stream=True
):
print(chunk.choices[0].text)
""",
    (
        _NO_OS,
        Repair("\nprint(chunk", "\n    print(chunk", "the body of a loop is indented"),
    ),
)

MODELS = Sample(
    "models",
    _CLIENT + "client.models.list()\n",
    (Repair("client.models.list()", "models = client.models.list()", _KEEP),),
)

IMAGE = Sample(
    "image",
    """\
from openai import OpenAI
client = OpenAI()
client.images.generate(
model="stability-ai/sdxl",
prompt="An elephant in a desert",
response_format="b64_json",
extra_body={
"response_extension": "webp",
"width": 512,
"height": 512,
"num_inference_steps": 30,
"seed": -1,
"negative_prompt": "Giraffes, night sky"
}
)
""",
    (
        Repair("client = OpenAI()\n", _CLIENT.split("OpenAI\n", 1)[1], "no base URL and no key"),
        _NO_OS,
        Repair("client.images.generate(", "image = client.images.generate(", _KEEP),
    ),
)

EMBEDDING = Sample(
    "embedding",
    _CLIENT
    + """\
client.embeddings.create(
model="BAAI/bge-en-icl",
input="Wake up, Neo...",
encoding_format="float"
)
""",
    (Repair("client.embeddings.create(", "embedding = client.embeddings.create(", _KEEP),),
)

_ID = "a placeholder for an id"

FILE_UPLOAD = Sample(
    "file upload",
    _CLIENT
    + """\
batch_requests = client.files.create(
file=open("batch-requests.jsonl", "rb"),
purpose="batch"
)
""",
)

FILE_INFO = Sample(
    "file info",
    """\
client.files.retrieve("file-123")
""",
    (Repair('client.files.retrieve("file-123")', "info = client.files.retrieve(file_id)", _ID),),
)

FILE_CONTENT = Sample(
    "file content",
    """\
batch_result = client.files.content("file-123")
print(batch_result.text)
""",
    (Repair('"file-123"', "file_id", _ID),),
)

FILE_LIST = Sample(
    "file list",
    _CLIENT + "client.files.list()\n",
    (Repair("client.files.list()", "files = client.files.list()", _KEEP),),
)

FILE_DELETE = Sample(
    "file deletion",
    _CLIENT + 'client.files.delete("batch_123")\n',
    (
        Repair('"batch_123"', "file_id", _ID),
        Repair("client.files.delete(", "deleted = client.files.delete(", _KEEP),
    ),
)

BATCH_CREATE = Sample(
    "batch creation",
    """\
client.batches.create(
input_file_id=batch_requests.id,
endpoint="/v1/chat/completions",
completion_window="24h",
metadata={
"description": "Asynchronous job"
}
)
""",
    (Repair("client.batches.create(", "batch = client.batches.create(", _KEEP),),
)

BATCH_INFO = Sample(
    "batch info",
    _CLIENT + 'client.batches.retrieve("batch_123")\n',
    (
        Repair('"batch_123"', "batch_id", _ID),
        Repair("client.batches.retrieve(", "info = client.batches.retrieve(", _KEEP),
    ),
)

BATCH_LIST = Sample(
    "batch list",
    _CLIENT + "client.batches.list()\n",
    (Repair("client.batches.list()", "batches = client.batches.list()", _KEEP),),
)

BATCH_CANCEL = Sample(
    "batch cancelling",
    'client.batches.cancel("batch_123")\n',
    (
        Repair('"batch_123"', "batch_id", _ID),
        Repair("client.batches.cancel(", "cancelled = client.batches.cancel(", _KEEP),
    ),
)

SAMPLES = (
    CHAT, VISION, COMPLETION, MODELS, IMAGE, EMBEDDING,
    FILE_UPLOAD, FILE_INFO, FILE_CONTENT, FILE_LIST, FILE_DELETE,
    BATCH_CREATE, BATCH_INFO, BATCH_LIST, BATCH_CANCEL,
)  # fmt: skip

# How many places of each sample do not run as they were published.
REPAIRS = {
    "chat": 10, "vision": 1, "completion": 2, "models": 1, "image": 3, "embedding": 1,
    "file upload": 0, "file info": 1, "file content": 1, "file list": 1, "file deletion": 2,
    "batch creation": 1, "batch info": 2, "batch list": 1, "batch cancelling": 2,
}  # fmt: skip

BASE_URL = 'base_url="https://api.studio.nebius.com/v1/"'

# What the page prints as answers; keys are checked, values are the services' own.
CHAT_ANSWER = {
    "id", "choices", "created", "model", "object", "system_fingerprint", "usage",
}  # fmt: skip
CHAT_CHOICE = {"finish_reason", "index", "logprobs", "message", "stop_reason"}
CHAT_MESSAGE = {"content", "role", "function_call", "tool_calls"}
CHAT_USAGE = {"completion_tokens", "prompt_tokens", "total_tokens"}
COMPLETION_CHUNK = {"id", "object", "created", "choices", "model", "system_fingerprint"}
COMPLETION_CHOICE = {"text", "index", "logprobs", "finish_reason"}
MODEL_ROW = {"id", "object", "created", "owned_by"}
EMBEDDING_ANSWER = {"object", "data", "model", "usage"}
EMBEDDING_ROW = {"object", "embedding", "index"}
FILE = {"id", "object", "bytes", "created_at", "filename", "purpose"}
FILE_LIST_ANSWER = {"data", "object"}
FILE_DELETED = {"id", "object", "deleted"}
BATCH = {
    "id", "object", "endpoint", "errors", "input_file_id", "completion_window", "status",
    "output_file_id", "error_file_id", "created_at", "in_progress_at", "expires_at",
    "finalizing_at", "completed_at", "failed_at", "expired_at", "cancelling_at", "cancelled_at",
    "request_counts", "metadata",
}  # fmt: skip
BATCH_COUNTS = {"total", "completed", "failed"}
BATCH_LIST_ANSWER = {"object", "data", "first_id", "last_id", "has_more"}

IDS = (
    "meta-llama/Meta-Llama-3.1-8B-Instruct",
    "meta-llama/Meta-Llama-3.1-70B-Instruct",
    "Qwen/Qwen2-VL-72B-Instruct",
    "stability-ai/sdxl",
    "BAAI/bge-en-icl",
)
