# The systems that flakes commonly have outputs for: `lib.systems.flakeExposed`.
#
# Not for: what can be parsed (see ./doubles.nix), which is far more.
{ }:

[
  "x86_64-linux"
  "aarch64-linux"
  "x86_64-darwin"
  "armv6l-linux"
  "armv7l-linux"
  "i686-linux"
  "aarch64-darwin"
  "powerpc64le-linux"
  "riscv64-linux"
  "x86_64-freebsd"
]
