"""``python -m nbnebius``: the command line."""

import sys

from nbnebius.cli import main

sys.exit(main())
