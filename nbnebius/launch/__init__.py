"""Other processes: the sandbox, a notebook run without a browser; and the doctor."""

from nbnebius.launch.doctor import Finding, answers, examine
from nbnebius.launch.sandbox import Sandbox, missing_for_sandbox, start_sandbox

__all__ = ["Finding", "Sandbox", "answers", "examine", "missing_for_sandbox", "start_sandbox"]
