# Two commands for people: `sudo make run` and `sudo make test`. Each sets up all it needs on a bare Debian machine.
PREFIX ?= /usr/local
PYTHON ?= /usr/bin/python3
LIB = $(DESTDIR)$(PREFIX)/lib/nixos-containers
SHARE = $(DESTDIR)$(PREFIX)/share
MAN = $(SHARE)/man
VENV = .venv

# What the product needs at run time, and what its tests need besides.
RUNTIME_PACKAGES = python3 nix-bin systemd-container iproute2 nftables util-linux apt dpkg strace
TEST_PACKAGES = python3-venv openssh-client curl iputils-ping mmdebstrap busybox-static zstd groff-base zsh fish git radvd dnsmasq-base iptables lxcfs e2fsprogs iperf3 podman runc skopeo

# Quick ones first, on every processor; then those that share the host's state. The boot tests come last, whose last one looks
# whether anything is left on the host. Theirs are real kernels, boots and clocks on a machine that others use as well: what fails there
# is tried once more on the spot, and the report shows the first failure in full also where the second try passes.
QUICK_SUITES = tests/unit tests/golden tests/nix
HOST_SUITES = tests/kernel tests/host tests/boot
PARALLEL = -n auto --dist worksteal
AGAIN = --reruns 1 --reruns-delay 2

.PHONY: run test install install-ui uninstall runtime-setup test-setup docs lint unit nix-tests boot-tests crash-test host-tests vm-test bench clean

run: runtime-setup install
	$(PREFIX)/bin/nixos-container switch -c examples/quickstart/configuration.nix
	$(PREFIX)/bin/nixos-container list --long
	$(PREFIX)/bin/nixos-container run mycontainer -- systemctl is-system-running

test: runtime-setup test-setup
	$(MAKE) --no-print-directory lint
	@failed=; \
	$(VENV)/bin/python -m pytest $(PARALLEL) $(QUICK_SUITES) || failed=yes; \
	$(VENV)/bin/python -m pytest $(AGAIN) $(HOST_SUITES) || failed=yes; \
	[ -z "$$failed" ]

lint:
	$(VENV)/bin/ruff check src tests bench nix
	$(VENV)/bin/ruff format --check src tests bench nix
	$(VENV)/bin/mypy

runtime-setup:
	@bash contrib/apt-install $(RUNTIME_PACKAGES)

test-setup: $(VENV)/ready
	@bash contrib/apt-install $(TEST_PACKAGES)

$(VENV)/ready: pyproject.toml Makefile
	@bash contrib/apt-install python3-venv
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check 'pytest>=8,<9' 'pytest-xdist>=3,<4' 'pytest-rerunfailures>=14,<17' 'mypy>=1.11,<2' 'ruff>=0.6,<0.15' 'textual>=1,<9' 'pyte>=0.8,<1' 'prometheus-client>=0.20,<1'
	touch $@

install:
	install -d $(LIB) $(DESTDIR)$(PREFIX)/bin
	rm -rf $(LIB)/nixos_containers $(LIB)/nix
	cp -R src/nixos_containers $(LIB)/nixos_containers
	cp -R nix $(LIB)/nix
	find $(LIB) -name __pycache__ -type d -prune -exec rm -rf {} +
	$(PYTHON) -m compileall -q $(LIB)/nixos_containers
	sed 's#@LIB@#$(PREFIX)/lib/nixos-containers#; s#@PYTHON@#$(PYTHON)#' contrib/nixos-container.in > $(DESTDIR)$(PREFIX)/bin/nixos-container
	chmod 755 $(DESTDIR)$(PREFIX)/bin/nixos-container
	@# Never in the way of a real one: only where there is none, or ours.
	set -e; ours=$(DESTDIR)$(PREFIX)/bin/nixos-rebuild; \
	if [ -e $$ours ] || ! command -v nixos-rebuild > /dev/null; then \
	  if [ ! -e $$ours ] || grep -q nixos-container $$ours; then \
	    sed 's#@BIN@#$(PREFIX)/bin#' contrib/nixos-rebuild.in > $$ours; chmod 755 $$ours; \
	  fi; \
	fi
	install -d $(MAN)/man5 $(MAN)/man8
	install -m 644 docs/man/nixos-containers.nix.5 $(MAN)/man5/
	install -m 644 docs/man/nixos-container*.8 $(MAN)/man8/
	install -d $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	PYTHONPATH=src $(PYTHON) -m nixos_containers completion bash > $(SHARE)/bash-completion/completions/nixos-container
	PYTHONPATH=src $(PYTHON) -m nixos_containers completion zsh > $(SHARE)/zsh/site-functions/_nixos-container
	PYTHONPATH=src $(PYTHON) -m nixos_containers completion fish > $(SHARE)/fish/vendor_completions.d/nixos-container.fish

# The library that `nixos-container ui` needs, beside the program and nobody else's business.
install-ui:
	@bash contrib/apt-install python3-venv
	$(PYTHON) -m venv $(LIB)/ui
	$(LIB)/ui/bin/pip install --quiet --disable-pip-version-check 'textual>=1,<9'

uninstall:
	if grep -qs nixos-container $(DESTDIR)$(PREFIX)/bin/nixos-rebuild; then rm $(DESTDIR)$(PREFIX)/bin/nixos-rebuild; fi
	[ -n "$(DESTDIR)" ] || [ ! -x $(PREFIX)/bin/nixos-container ] || $(PREFIX)/bin/nixos-container unit remove-all
	rm -f $(SHARE)/bash-completion/completions/nixos-container $(SHARE)/zsh/site-functions/_nixos-container
	rm -f $(SHARE)/fish/vendor_completions.d/nixos-container.fish
	rm -rf $(LIB) $(DESTDIR)$(PREFIX)/bin/nixos-container $(MAN)/man5/nixos-containers.nix.5 $(MAN)/man8/nixos-container.8 $(MAN)/man8/nixos-container-*.8

# The reference and the manuals, from the declarations of the options and the table of verbs. Commit what it writes.
docs:
	PYTHONPATH=src $(PYTHON) contrib/make-docs docs

unit:
	$(VENV)/bin/python -m pytest tests/unit tests/golden

nix-tests:
	$(VENV)/bin/python -m pytest tests/nix

boot-tests:
	$(VENV)/bin/python -m pytest tests/boot

# As `make test` has it, but long: 200 rounds of kill -9 at random moments, and what the seed was.
crash-test: runtime-setup test-setup
	NIXOS_CONTAINERS_CRASH_ROUNDS=$${ROUNDS:-200} $(VENV)/bin/python -m pytest -s tests/boot/test_crash_rounds.py

# A whole machine with a kernel of its own, emulated: what this one may not have (nothing but cgroup v2, swap, two NUMA nodes). Some six minutes.
vm-test: runtime-setup test-setup
	@bash contrib/apt-install qemu-system-x86
	$(VENV)/bin/python -m pytest tests/vm

# A host with systemd, in a container: the first time needs the network and half a minute more.
host-tests:
	$(VENV)/bin/python -m pytest tests/host

bench: runtime-setup install
	$(PYTHON) bench/run.py

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache
