# What nixos-generate-config writes into a machine's hardware-configuration.nix; here only so that
# "${modulesPath}/installer/scan/not-detected.nix" can be imported.
{ }
