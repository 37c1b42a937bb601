"""Write the schema of all profiles: `python -m edge_agent.drivers.profiles schema.json`."""

import sys
from pathlib import Path

from edge_agent.drivers.profiles import schema

Path(sys.argv[1]).write_text(schema(), encoding="utf-8")
