"""How Sphinx builds the site: everything from this checkout, nothing from the network."""

import os
import sys
import warnings
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS / "_ext"), str(DOCS.parent)]
os.environ.setdefault("OMP_NUM_THREADS", "1")

import skmlp  # noqa: E402

# The pages run in kernels that know nothing of the reader's own IPython.
os.environ["IPYTHONDIR"] = str(DOCS / "_build" / "ipython")
PROFILE = DOCS / "_build" / "ipython" / "profile_default"
PROFILE.mkdir(parents=True, exist_ok=True)
(PROFILE / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 'ERROR'\n")

project = "skmlp"
author = "The skmlp developers"
copyright = author
version = release = skmlp.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx.ext.mathjax",
    "myst_nb",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "matplotlib.sphinxext.plot_directive",
    "registry_pages",
    "gallery_pages",
    "notebooks",
    "parameter_groups",
    "display_pictures",
    "other_projects",
    "search_words",
    "short_code",
]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb"}
exclude_patterns = ["_build", "**.ipynb"]
nitpicky = True
# there is no room for the class's name in front of each method's
toc_object_entries_show_parents = "hide"

autosummary_generate = True
autodoc_typehints = "none"
add_module_names = False
smartquotes = False  # quotes stay as they are typed, in code and types above all
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
templates_path = ["_templates"]

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
myst_url_schemes = ["http", "https", "mailto"]

nb_custom_formats = {".md": ["python_blocks.read", {}]}
nb_execution_mode = "auto"  # a page with blocks of Python is run when it is read
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_in_temp = True  # what the blocks write does not stay
nb_execution_show_tb = True
nb_merge_streams = True

warnings.filterwarnings("ignore", message=".*non-interactive.*")
sphinx_gallery_conf = {
    "examples_dirs": str(DOCS.parent / "examples"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"[/\\](plot_|quickstart)",
    "subsection_order": "gallery_pages.of_group",
    "within_subsection_order": "gallery_pages.OfExample",
    "thumbnail_size": (400, 280),
    "image_srcset": ["2x"],
    "show_signature": False,
    "doc_module": ("skmlp",),
    "backreferences_dir": "gallery/backreferences",  # for the small galleries of the reference
    "reference_url": {"skmlp": None},
    "download_all_examples": False,
    "show_memory": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "abort_on_example_error": True,
    "remove_config_comments": True,
}

plot_formats = [("png", 120)]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_rcparams = {"figure.constrained_layout.use": True}
plot_apply_rcparams = True

# The build needs no network. Where there is one, on Read the Docs or with SKMLP_DOCS_ONLINE=1, the
# inventories of other projects give more links than ``other_projects`` knows by itself.
if os.environ.get("READTHEDOCS") or os.environ.get("SKMLP_DOCS_ONLINE"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "scipy": ("https://docs.scipy.org/doc/scipy", None),
        "pandas": ("https://pandas.pydata.org/docs", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
        "matplotlib": ("https://matplotlib.org/stable", None),
    }

mathjax4_config = {"output": {"displayOverflow": "linebreak"}}  # on phones above all

html_theme = "pydata_sphinx_theme"
html_title = "skmlp"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_search_scorer = str(DOCS / "_static" / "scorer.js")
html_favicon = "_static/favicon.svg"
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "icon_links": [
        {
            "name": "Source",
            "url": "https://github.com/skmlp/skmlp",
            "icon": "fa-brands fa-github",
        }
    ],
}
WIDE = ["getting_started", "changelog", "design", "policies", "contributing", "releasing"]
html_sidebars = {page: [] for page in WIDE}
