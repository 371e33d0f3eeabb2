# Where a package's content comes from, for `meta.sourceProvenance`: `lib.sourceTypes`.
#
# Not for: licences; a binary can be free and a source can be unfree.
{ lib }:

builtins.mapAttrs
  (
    shortName: isSource: {
      inherit shortName isSource;
    }
  )
  {
    fromSource = true;
    binaryNativeCode = false;
    binaryBytecode = false;
    binaryFirmware = false;
  }
