# lib.systems.elaborate: what other projects call a machine, emulators, and comparing systems.
{ lib }:

let
  inherit (lib.systems) elaborate equals;
  pc = elaborate "x86_64-linux";
  arm = elaborate "aarch64-linux";

  # Enough of a package set to ask for emulators.
  pkgs = {
    stdenv.hostPlatform = pc;
    qemu-user = "/qemu";
    wasmtime = "/wasmtime";
    mmixware = "/mmixware";
    writeShellScriptBin = name: text: {
      type = "derivation";
      outPath = "/script";
      meta.mainProgram = name;
      outputs = [ "out" ];
      out = "/script";
      outputName = "out";
      inherit name text;
    };
    winePackagesFor = name: { minimal = "/${name}"; };
  };
in
{
  "Rust's names" = {
    expr = map (system: (elaborate system).rust.rustcTarget) [
      "x86_64-linux"
      "armv7l-linux"
      "riscv64-linux"
      "powerpc64-linux"
      "aarch64-darwin"
      { config = "x86_64-w64-mingw32"; }
      { config = "wasm32-unknown-wasi"; }
      { system = "x86_64-linux"; rust.rustcTarget = "mine"; }
    ];
    expected = [
      "x86_64-unknown-linux-gnu"
      "armv7-unknown-linux-gnueabihf"
      "riscv64gc-unknown-linux-gnu"
      "powerpc64-unknown-linux-gnu"
      "aarch64-apple-darwin"
      "x86_64-pc-windows-gnu"
      "wasm32-wasip1"
      "mine"
    ];
  };
  "Rust's conditions" = {
    expr = {
      inherit (pc.rust) cargoEnvVarTarget cargoShortTarget isNoStdTarget;
      inherit (pc.rust.platform)
        arch
        os
        vendor
        target-family
        ;
    };
    expected = {
      cargoEnvVarTarget = "X86_64_UNKNOWN_LINUX_GNU";
      cargoShortTarget = "x86_64-unknown-linux-gnu";
      isNoStdTarget = false;
      arch = "x86_64";
      os = "linux";
      vendor = "unknown";
      target-family = [ "unix" ];
    };
  };
  "Go's names" = {
    expr = map (system: (elaborate system).go) [
      "x86_64-linux"
      "armv7l-linux"
      "i686-linux"
      "aarch64-darwin"
      "avr"
    ];
    expected = [
      { GOARCH = "amd64"; GOOS = "linux"; GOARM = ""; }
      { GOARCH = "arm"; GOOS = "linux"; GOARM = "7"; }
      { GOARCH = "386"; GOOS = "linux"; GOARM = ""; }
      { GOARCH = "arm64"; GOOS = "darwin"; GOARM = ""; }
      { GOARCH = null; GOOS = "none"; GOARM = ""; }
    ];
  };
  "Node's names" = {
    expr = map (system: (elaborate system).node) [
      "x86_64-linux"
      "aarch64-darwin"
      "x86_64-windows"
      "avr"
    ];
    expected = [
      { arch = "x64"; platform = "linux"; }
      { arch = "arm64"; platform = "darwin"; }
      { arch = "x64"; platform = "win32"; }
      { arch = null; platform = null; }
    ];
  };

  "no emulator is needed at home" = {
    expr = lib.hasSuffix "/bin/exec" (pc.emulator pkgs);
    expected = true;
  };
  "emulators" = {
    expr = map (system: (elaborate system).emulator pkgs) [
      "aarch64-linux"
      "x86_64-windows"
      "wasm32-wasi"
      "mmix-mmixware"
    ];
    expected = [
      "/qemu/bin/qemu-aarch64"
      "/wine64/bin/wine64"
      "/wasmtime/bin/wasmtime"
      "/mmixware/bin/mmix"
    ];
  };
  "there is not always one" = {
    expr = (elaborate "x86_64-darwin").emulatorAvailable pkgs;
    expected = false;
  };
  "and then it cannot be had" = {
    expr = (elaborate "aarch64-darwin").emulator pkgs;
    error = "Don't know how to run arm64-apple-darwin executables.";
  };

  # --- equality -------------------------------------------------------------

  "a system equals itself, made twice" = {
    expr = map (system: equals (elaborate system) (elaborate system)) [
      "x86_64-linux"
      "aarch64-darwin"
      "riscv64-linux"
      { config = "x86_64-unknown-linux-musl"; }
    ];
    expected = lib.replicate 4 true;
  };
  "by name or as a set" = {
    expr = equals pc (elaborate { system = "x86_64-linux"; });
    expected = true;
  };
  "different systems differ" = {
    expr = equals pc arm;
    expected = false;
  };
  "every attribute but functions counts" = {
    expr = lib.filter (
      name: equals pc (pc // { ${name} = _: "changed"; })
    ) (lib.attrNames pc);
    expected = lib.sort lib.lessThan lib.systems.functionNames;
  };
  "functionNames lists just the functions" = {
    expr = lib.filter (name: builtins.isFunction pc.${name}) (lib.attrNames pc);
    expected = lib.sort lib.lessThan lib.systems.functionNames;
  };
  "back to a name without loss" = {
    expr = map lib.systems.toLosslessStringMaybe [
      "x86_64-linux"
      pc
      (pc // { something = "extra"; })
      (elaborate { config = "x86_64-unknown-linux-musl"; })
    ];
    expected = [
      "x86_64-linux"
      "x86_64-linux"
      null
      null
    ];
  };
}
