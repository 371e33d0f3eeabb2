# For virtual machines; here only so that "${modulesPath}/profiles/qemu-guest.nix" can be imported.
{ }
