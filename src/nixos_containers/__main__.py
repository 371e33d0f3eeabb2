"""`python -m nixos_containers`."""

import sys

from .main import main

sys.exit(main())
