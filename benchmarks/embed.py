"""
Many texts to vectors: time and memory, against the openai package in the same run.

``python -m benchmarks.embed 100000 1024``. Each contender is a fresh process that asks the same
server, in the same groups; the peak is what its memory grew by, as the operating system counts it.
The claim is about ratios: a lone time says little.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

PRELUDE = """
import json, os, resource, sys, time
url, count, dims = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
texts = [f"text number {n}, of no great length" for n in range(count)]
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
"""
OURS = """
import nbnebius as neb
neb.connect("a-key", url)
neb.embed(texts[:1], private=True)
before, began = peak(), time.perf_counter()
frame = neb.embed(texts, private={private})
took = time.perf_counter() - began
assert neb.matrix(frame).shape == (count, dims) and (frame["neb_status"] == "ok").all()
print(json.dumps([took, peak() - before]))
"""
AGAIN = """
import nbnebius as neb
neb.connect("a-key", url)
neb.embed(["a text of its own"])
before, began = peak(), time.perf_counter()
frame = neb.embed(texts)
took = time.perf_counter() - began
assert neb.matrix(frame).shape == (count, dims) and frame["neb_cost"].sum() == 0
print(json.dumps([took, peak() - before]))
"""
OPENAI = """
import openai
from concurrent.futures import ThreadPoolExecutor
client = openai.OpenAI(api_key="a-key", base_url=url)
client.embeddings.create(model="stub", input=texts[:1])
before, began = peak(), time.perf_counter()
def ask(start):
    answer = client.embeddings.create(model="stub", input=texts[start:start + 128])
    return [datum.embedding for datum in answer.data]
with ThreadPoolExecutor(8) as pool:
    vectors = [row for group in pool.map(ask, range(0, count, 128)) for row in group]
took = time.perf_counter() - began
assert len(vectors) == count and len(vectors[0]) == dims
print(json.dumps([took, peak() - before]))
"""
CONTENDERS = {
    "nbnebius, private": OURS.format(private=True),
    "nbnebius, kept in the journal": OURS.format(private=False),
    "nbnebius, all kept already": AGAIN,
    "openai, 8 threads": OPENAI,
}


def run(count: int, dims: int) -> None:
    """Print the table."""
    matrix = count * dims * 4
    print(f"{count:,} texts x {dims:,} dimensions: {matrix / 2**20:,.0f} MB as float32\n")
    print("| what | seconds | texts/s | peak memory, MB | of the matrix | openai's time |")
    print("|---|---|---|---|---|---|")
    rows: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="nbnebius-embed-") as home:
        environment = {**os.environ, "NBNEBIUS_HOME": home}
        command = [sys.executable, "-m", "benchmarks.stub_embeddings", str(dims)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1/"
            for name, code in CONTENDERS.items():
                process = subprocess.run(
                    [sys.executable, "-c", PRELUDE + code, url, str(count), str(dims)],
                    env=environment,
                    stdout=subprocess.PIPE,
                    text=True,
                    check=False,
                )
                if process.returncode == 0:
                    rows[name] = json.loads(process.stdout.splitlines()[-1])
        finally:
            server.terminate()
            server.wait()
    slowest = rows.get("openai, 8 threads", [0.0])[0]
    for name in CONTENDERS:
        if name not in rows:
            print(f"| {name} | did not run | | | | |")
            continue
        seconds, grown = rows[name]
        ratio = f"{slowest / seconds:.1f} x ours" if slowest else ""
        print(
            f"| {name} | {seconds:.2f} | {count / seconds:,.0f} | {grown / 2**20:,.0f} "
            f"| {grown / matrix:.2f} x | {ratio} |"
        )


if __name__ == "__main__":
    run(*(int(one) for one in (*sys.argv[1:], *("100000", "1024")[len(sys.argv) - 1 :])))
