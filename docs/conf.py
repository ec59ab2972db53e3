"""How the documentation is built: Markdown through MyST, the Furo theme, and pages generated from the code."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Tenure"
author = "The Tenure authors"
extensions = ["myst_parser", "generated"]
myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "_ext"]
smartquotes = False

html_theme = "furo"
html_title = "Tenure"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
