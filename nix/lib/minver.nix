# The oldest Nix that this tree is tested with.
"2.8"
