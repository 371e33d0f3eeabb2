"""What a person asked for, as frozen data: containers, networks, binds, limits.

No I/O and no decisions: evaluate/ fills these types from Nix's JSON, plan/ reads them.
"""
