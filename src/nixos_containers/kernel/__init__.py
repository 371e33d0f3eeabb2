"""The kernel's interfaces: cgroups, processes, namespaces, mounts, nft, sysctls. Knows no containers.

Functions take paths, pids and texts. Not for deciding what should be there: that is plan's.
"""
