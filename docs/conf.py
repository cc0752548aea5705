"""How Sphinx builds these pages: ``nox -s docs``, or ``sphinx-build -W docs build/docs``."""

from __future__ import annotations

import sys
from pathlib import Path

import cxkit

sys.path.insert(0, str(Path(__file__).parent))  # for tables.py

project = "cxkit"
author = "the cxkit authors"
version = release = cxkit.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "tables"]
exclude_patterns = ["images"]
# Formulas are plain text, so that a page needs no script from elsewhere.
html_theme = "furo"
html_title = f"cxkit {release}"
html_show_copyright = False
myst_heading_anchors = 3

# Names in docstrings stand in single backticks: those that are documented become links, the others code.
default_role = "py:obj"
# A name that two rooms have, such as the `State` of a statistic and of a pull, becomes a link to one of them: the text
# that it stands in says which is meant. Whatever is documented nowhere still fails.
suppress_warnings = ["ref.python"]
add_module_names = False
autodoc_class_signature = "mixed"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_type_aliases = {"Split": "str"}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
