import subprocess
import sys

CODE = """
import sys
import nbnebius
nbnebius.map, nbnebius.embed
heavy = {"dask", "distributed", "pandas", "numpy", "pyarrow"}
print(sorted(heavy & set(sys.modules)))
"""


def test_dask_is_not_loaded_for_those_who_do_not_use_it():
    told = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
