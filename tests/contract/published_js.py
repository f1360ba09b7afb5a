"""
The JavaScript samples of the API's own documentation, and the repairs that they need.

Source: the page "Examples of using the Nebius AI Studio API" of the Nebius documentation, as its
text was published, without indentation. Two of them are CommonJS and two are ES modules; each runs
as what it is.
"""

from contract.published import Repair, Sample

BASE_URL = 'baseURL: "https://api.studio.nebius.com/v1/"'

_CLIENT = """\
const client = new OpenAI({
baseURL: "https://api.studio.nebius.com/v1/",
apiKey: process.env.NEBIUS_API_KEY,
});
"""
_COMMON = 'const OpenAI = require("openai");\n' + _CLIENT
_MODULE = 'import OpenAI from "openai";\n' + _CLIENT

# For images only: in a chat, the sandbox reads an extra_body too. Without this repair the sample
# runs, but these fields do nothing.
NO_EXTRA_BODY = "only the Python SDK knows extra_body; these are fields of the body itself"

_FIELDS = """\
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
"extra_body": {
"guided_json": {"type": "object", "properties": {...},}
},
"response_format": {
"type": "json_object"
},
"model": "meta-llama/Meta-Llama-3.1-70B-Instruct",
"messages": [
"""

CHAT = Sample(
    "chat",
    _COMMON
    + "client.chat.completions.create({\n"
    + _FIELDS
    + """\
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
]
})
.then((completion) => console.log(completion));
""",
    (Repair("{...}", '{"joke": {"type": "string"}}', "a placeholder"),),
)

VISION = Sample(
    "vision",
    _COMMON
    + "client.chat.completions.create({\n"
    + _FIELDS
    + """\
{
"role": "user",
"content": [
{ type: "text", text: "What\u2019s in this image?" },
{
type: "image_url",
image_url: {
"url": "https://upload.wikimedia.org/wikipedia/commons/thumb/d/dd/Gfp-wisconsin-madison-the-\
nature-boardwalk.jpg/2560px-Gfp-wisconsin-madison-the-nature-boardwalk.jpg",
},
},
]
}
]
})
.then((completion) => console.log(completion));
""",
    (
        Repair("{...}", '{"picture": {"type": "string"}}', "a placeholder"),
        Repair(
            "meta-llama/Meta-Llama-3.1-70B-Instruct",
            "Qwen/Qwen2-VL-72B-Instruct",
            "this model sees no pictures; the other languages' samples ask one that does",
        ),
    ),
)

COMPLETION = Sample(
    "completion",
    _MODULE
    + """\
async function main() {
const stream = await openai.completions.create({
model: "meta-llama/Meta-Llama-3.1-70B-Instruct",
prompt: "Say my name",
stream: true,
});
for await (const chunk of stream) {
console.log(chunk.choices[0].text);
}
}
main();
""",
    (Repair("openai.completions", "client.completions", "no such name"),),
)

IMAGE = Sample(
    "image",
    _MODULE
    + """\
client.images.generate({
model: "stability-ai/sdxl",
prompt: "An elephant in a desert",
response_format: "b64_json",
extra_body: {
response_extension: "webp",
width: 512,
height: 512,
num_inference_steps: 30,
seed: -1,
negative_prompt: "Giraffes, night sky",
},
}).then((completion) => {
console.log(completion.data);
});
""",
    (Repair("extra_body: {", "...{", NO_EXTRA_BODY),),
)

SAMPLES = (CHAT, VISION, COMPLETION, IMAGE)

# How many places of each sample do not run as they were published.
REPAIRS = {"chat": 1, "vision": 2, "completion": 1, "image": 1}
