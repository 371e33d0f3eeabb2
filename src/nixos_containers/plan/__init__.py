"""Pure decisions: the spec and what was observed in, frozen actions and finished texts out.

nspawn's argv, the launcher's script, network and nft text, cgroup values. Nothing here reads or writes the
host: everything that matters comes in as an argument, so that tests are tables.
"""
