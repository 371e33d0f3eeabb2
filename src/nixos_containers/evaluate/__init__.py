"""One Nix process per command: a definition file in, a typed spec out.

Not for building, downloading or deciding; and Nix's words to the person are passed on, not invented.
"""
