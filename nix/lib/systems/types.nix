# Option types for parsed systems and their parts.
#
# `open…` accepts anything of the right shape, the others only known words.  Not for
# parsing itself, which must work without the module system.
{ lib, components }:

let
  inherit (lib.types) enum mkOptionType;
  inherit (builtins) attrValues elem;

  open =
    name: description: check:
    mkOptionType {
      inherit name description check;
      merge = lib.options.mergeOneOption;
    };

  known = table: enum (attrValues table);
  hasTag = tag: value: (value._type or null) == tag;
in
rec {
  openSignificantByte = open "significant-byte" "Endianness" (_value: true);
  significantByte = known components.significantBytes;

  bitWidth = enum [
    8
    16
    32
    64
    128
  ];

  openCpuType = open "cpu-type" "instruction set architecture name and information" (
    value:
    bitWidth.check value.bits
    && (
      if value.bits > 8 then significantByte.check value.significantByte else !(value ? significantByte)
    )
  );
  cpuType = known components.cpuTypes;

  openVendor = open "vendor" "vendor for the platform" (_value: true);
  vendor = known components.vendors;

  openExecFormat = open "exec-format" "executable container used by the kernel" (_value: true);
  execFormat = known components.execFormats;

  openKernelFamily = open "exec-format" "executable container used by the kernel" (_value: true);
  kernelFamily = known components.kernelFamilies;

  openKernel = open "kernel" "kernel name and information" (
    value:
    elem value.execFormat (attrValues components.execFormats)
    && lib.all (family: elem family (attrValues components.kernelFamilies)) (attrValues value.families)
  );
  kernel = known components.kernels;

  openAbi = open "abi" "binary interface for compiled code and syscalls" (_value: true);
  abi = known components.abis;

  parsedPlatform = open "system" "fully parsed representation of llvm- or nix-style platform tuple" (
    value:
    hasTag "cpu-type" value.cpu
    && hasTag "vendor" value.vendor
    && hasTag "kernel" value.kernel
    && hasTag "abi" value.abi
  );
}
