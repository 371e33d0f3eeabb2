"""The embedded package universe, seen from Python: apt's private state, the index, the lock, the store.

Evaluation of Nix is not done here (see evaluate/), and neither are builds (see build/).
"""
