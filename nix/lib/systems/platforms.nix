# Settings for families of boards: compiler flags, and names of kernel settings.
#
# `select` finds the family of a system; a person may also name one himself.  Not for:
# kernel options one by one, as no kernel is built here.
{ lib }:

let
  kernel = name: baseConfig: target: extra: {
    linux-kernel = {
      inherit name baseConfig target;
      autoModules = true;
    }
    // extra;
  };

  withTree = {
    DTB = true;
    preferBuiltin = true;
  };

  gcc = flags: { gcc = flags; };
  mips =
    arch: abi:
    gcc {
      inherit arch abi;
    };
in
rec {
  # x86
  pc = kernel "pc" "defconfig" "bzImage" { };
  pc_simplekernel = lib.recursiveUpdate pc { linux-kernel.autoModules = false; };

  # PowerPC
  powernv = kernel "PowerNV" "powernv_defconfig" "vmlinux" { };
  ppc64 = kernel "powerpc64" "ppc64_defconfig" "vmlinux" { };

  # ARM, by version of the instruction set
  sheevaplug =
    kernel "sheevaplug" "multi_v5_defconfig" "uImage" {
      autoModules = false;
      DTB = true;
      makeFlags = [ "LOADADDR=0x0200000" ];
    }
    // gcc { arch = "armv5te"; };
  pogoplug4 =
    kernel "pogoplug4" "multi_v5_defconfig" "uImage" {
      autoModules = false;
      makeFlags = [ "LOADADDR=0x8000" ];
    }
    // gcc { arch = "armv5te"; };
  guruplug = lib.recursiveUpdate sheevaplug { linux-kernel.baseConfig = "guruplug_defconfig"; };

  raspberrypi =
    kernel "raspberrypi" "bcm2835_defconfig" "zImage" withTree
    // gcc {
      arch = "armv6kz";
      fpu = "vfpv2";
    };
  raspberrypi2 = armv7l-hf-multiplatform;

  armv7l-hf-multiplatform =
    kernel "armv7l-hf-multiplatform" "multi_v7_defconfig" "zImage" (withTree // { Major = "2.6"; })
    # What Debian's armhf demands: every such machine has it.
    // gcc {
      arch = "armv7-a";
      fpu = "vfpv3-d16";
    };
  armv7a-android = {
    linux-kernel.name = "armeabi-v7a";
    gcc = {
      arch = "armv7-a";
      float-abi = "softfp";
      fpu = "vfpv3-d16";
    };
  };
  beaglebone = lib.recursiveUpdate armv7l-hf-multiplatform {
    linux-kernel = {
      name = "beaglebone";
      baseConfig = "bb.org_defconfig";
      autoModules = false;
      extraConfig = "";
      target = "zImage";
    };
  };
  scaleway-c1 =
    armv7l-hf-multiplatform
    // gcc {
      cpu = "cortex-a9";
      fpu = "vfpv3";
    };
  utilite =
    kernel "utilite" "multi_v7_defconfig" "uImage" {
      autoModules = false;
      DTB = true;
      makeFlags = [ "LOADADDR=0x10800000" ];
    }
    // gcc {
      cpu = "cortex-a9";
      fpu = "neon";
    };
  zero-gravitas =
    kernel "zero-gravitas" "zero-gravitas_defconfig" "zImage" {
      autoModules = false;
      DTB = true;
    }
    // gcc {
      cpu = "cortex-a9";
      fpu = "neon";
    };
  zero-sugar =
    kernel "zero-sugar" "zero-sugar_defconfig" "zImage" (withTree // { autoModules = false; })
    // gcc {
      cpu = "cortex-a7";
      fpu = "neon-vfpv4";
      float-abi = "hard";
    };

  aarch64-multiplatform =
    kernel "aarch64-multiplatform" "defconfig" "Image" withTree // gcc { arch = "armv8-a"; };
  bluefield2 = gcc { arch = "armv8-a+fp+simd+crc+crypto"; };
  apple-m1 = gcc {
    arch = "armv8.3-a+crypto+sha2+aes+crc+fp16+lse+simd+ras+rdm+rcpc";
    cpu = "apple-a13";
  };

  # MIPS
  ben_nanonote = {
    linux-kernel.name = "ben_nanonote";
    gcc = {
      arch = "mips32";
      float = "soft";
    };
  };
  fuloong2f_n32 =
    kernel "fuloong2f_n32" "lemote2f_defconfig" "vmlinux" { autoModules = false; }
    // gcc {
      arch = "loongson2f";
      float = "hard";
      abi = "n32";
    };
  gcc_mips32r2_o32 = mips "mips32r2" "32";
  gcc_mips32r6_o32 = mips "mips32r6" "32";
  gcc_mips64r2_n32 = mips "mips64r2" "n32";
  gcc_mips64r6_n32 = mips "mips64r6" "n32";
  gcc_mips64r2_64 = mips "mips64r2" "64";
  gcc_mips64r6_64 = mips "mips64r6" "64";
  mips64el-qemu-linux-gnuabi64 =
    kernel "mips64el" "64r2el_defconfig" "vmlinuz" {
      autoModules = false;
      DTB = true;
    }
    // {
      config = "mips64el-unknown-linux-gnuabi64";
    }
    // gcc_mips64r2_64;

  # others
  riscv-multiplatform = kernel "riscv-multiplatform" "defconfig" "Image" { DTB = true; };
  loongarch64-multiplatform =
    kernel "loongarch-multiplatform" "defconfig" "vmlinuz.efi" withTree
    // gcc {
      arch = "la64v1.0";
      strict-align = false;
      # The default model is too small for the code of large programs.
      cmodel = "medium";
    };

  # The family of a system; nothing if there is nothing to say.
  select =
    system:
    let
      version = system.parsed.cpu.version or null;
      is = name: system.parsed.cpu.name == name;
    in
    if system.isx86 then
      pc
    else if system.isAarch32 then
      if version == null then
        pc
      else if lib.versionOlder version "6" then
        sheevaplug
      else if lib.versionOlder version "7" then
        raspberrypi
      else
        armv7l-hf-multiplatform
    else if system.isAarch64 then
      if system.isDarwin then apple-m1 else aarch64-multiplatform
    else if system.isLoongArch64 then
      loongarch64-multiplatform
    else if system.isRiscV then
      riscv-multiplatform
    else if is "mipsel" then
      gcc_mips32r2_o32
    else if is "powerpc64le" then
      powernv
    else if is "powerpc64" then
      ppc64
    else
      { };
}
