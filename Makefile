# make demo    set everything up and segment a phantom (and IMAGE=path, if given); where there is a display, or with
#              BROWSER=1, the application in the browser opens on it
# make pyradiomics   PyRadiomics beside our own features, on Python 3.11
# make screenshots   the pictures of the README, from phantoms
# make test    set everything up and run the tests
# make test-slicer SLICER=COMMAND   the drives in a real Slicer: COMMAND starts it with the modules and runs the Python
#              script whose path follows
# make lint    style, types, and which room may import which
# make docs    the documentation as a site in build/docs; a warning is an error
# make lists   list new files for Slicer's build and for pip
.DELETE_ON_ERROR:
.PHONY: demo test test-slow test-slicer lint lists docs venv pyradiomics benchmark screenshots clean

PYTHON ?= $(shell command -v python3.11 2>/dev/null || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
INSTALLED := .venv/.installed

venv: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Give one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up .venv (a few minutes and about 3 GB the first time)"
	@$(PYTHON) -m venv .venv || { echo "Python lacks venv: install the system package python3-venv"; exit 1; }
	$(PIP) --editable '.[browser,dev,mirp,nnunet,openvino,radiomics]'
	@touch $@

# PyRadiomics' setup.py imports numpy, so numpy comes first and nothing is built in isolation.
pyradiomics: venv
	$(PIP) 'numpy<3' 'setuptools>=77,<81' wheel versioneer Cython
	$(PIP) --no-build-isolation --editable '.[pyradiomics]'

demo: venv
	$(BIN)/crosscontrast cord phantom --out demo/phantom
	$(BIN)/crosscontrast cord segment demo/phantom $(if $(IMAGE),"$(IMAGE)") --out demo/results
	@echo "Look at demo/results/phantom_T2w_overlay.png"
	@if [ "$(BROWSER)" = 1 ] || [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
	  $(BIN)/crosscontrast app $(if $(IMAGE),"$(IMAGE)") demo/phantom --port 0 --open; \
	else \
	  echo "To correct it in a browser: make demo BROWSER=1"; \
	fi

test: venv
	QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile $(PYTEST_ARGS)

test-slow: venv
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

test-slicer: venv
	$(BIN)/python Testing/tools/run_drives.py "$(SLICER)" $(DRIVES)

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

lists: venv
	$(BIN)/python Testing/tools/update_lists.py

docs: venv
	$(BIN)/python Testing/tools/benchmark_pages.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --config-file Documentation/site/mkdocs.yml
	@echo "Open build/docs/index.html, or with search: $(BIN)/python -m http.server --directory build/docs"

benchmark: venv
	$(BIN)/python Testing/benchmarks/bench_inference.py
	$(BIN)/python Testing/benchmarks/bench_browser.py

screenshots: venv
	$(BIN)/python Testing/tools/render_thumbnails.py
	$(BIN)/python Testing/tools/render_screenshot.py
	$(BIN)/python Testing/tools/render_browser_screenshots.py

clean:
	rm -rf .venv demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
