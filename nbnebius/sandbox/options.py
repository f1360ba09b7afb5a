"""Options of the command line for batches, custom models, an upstream server and faults."""

import argparse
import os
from urllib.parse import urlsplit

from nbnebius.sandbox.faults.spec import FaultError, read_faults

_DAY = 24 * 3600.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a parser."""
    parser.add_argument(
        "--batch-window",
        type=float,
        default=_DAY,
        metavar="SECONDS",
        help="when a batch expires (%(default)g)",
    )
    parser.add_argument(
        "--batch-rows-per-second",
        type=float,
        default=0.0,
        metavar="N",
        help="the pace of batches, 0 for no delay (%(default)g)",
    )
    parser.add_argument(
        "--validation-seconds",
        type=float,
        default=1.0,
        metavar="SECONDS",
        help="how long a custom model is being validated (%(default)g)",
    )
    parser.add_argument(
        "--upstream",
        type=_address,
        metavar="URL",
        help="a server with the same API, for chat, completions and embeddings",
    )
    parser.add_argument(
        "--upstream-key-from-env",
        type=_from_environment,
        metavar="NAME",
        help="the variable that holds that server's key",
    )
    parser.add_argument(
        "--fault",
        type=_fault,
        default="",
        metavar="SPEC",
        help="what goes wrong, as in 429:5%%,500:1/3,cut:after=20,slow:2s,html@/v1/models,seed=7",
    )


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise argparse.ArgumentTypeError("not the address of a server")
    return text


def _from_environment(name: str) -> str:
    key = os.environ.get(name)
    if not key:
        raise argparse.ArgumentTypeError(f"there is no {name} in the environment")
    return key


def _fault(text: str) -> str:
    try:
        read_faults(text)
    except FaultError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
