# The module argument `utils`: helpers about units, file systems and shell paths, under NixOS's names.
#
# For modules that generate unit names or ExecStart lines. Not for anything that needs the evaluated system,
# except the list of login shells, which toShellPath consults.
{ lib, config, pkgs }:

let
  inherit (lib) hasPrefix hasSuffix isDerivation isList;

  units = import ./systemd-escape.nix { inherit lib; };
in
rec {
  inherit (units) escapeSystemdPath escapeSystemdExecArg escapeSystemdExecArgs;

  # A package with a shell inside (passthru.shellPath, or its main program), or already a path. Always through the
  # system's path, so that the line in /etc/passwd stays as it is when the package changes.
  toShellPath =
    shell:
    if !isDerivation shell then
      shell
    # NixOS's way to say "no login": the package whose shell is nologin.
    else if builtins.elem (lib.getName shell) [ "shadow" "login" "passwd" ] then
      "/usr/sbin/nologin"
    else
      "/run/current-system/sw${shell.shellPath or "/bin/${shell.meta.mainProgram or (lib.getName shell)}"}";

  copyFile = filePath: pkgs.runCommand (builtins.unsafeDiscardStringContext (baseNameOf filePath)) { } ''
    cp ${filePath} $out
  '';

  # File systems that must be there before pid 1 can work.
  pathsNeededForBoot = [ "/" "/nix" "/nix/store" "/var" "/var/log" "/var/lib" "/var/lib/nixos" "/etc" "/usr" ];
  fsNeededForBoot = fs: fs.neededForBoot or false || builtins.elem fs.mountPoint pathsNeededForBoot;

  # Does file system `a` have to be mounted before `b`?
  fsBefore =
    a: b:
    let
      slash = path: if hasSuffix "/" path then path else path + "/";
      inside = path: hasPrefix (slash a.mountPoint) path;
    in
    inside (slash b.device) || (a.mountPoint != b.mountPoint && inside (slash b.mountPoint))
    || builtins.any (dep: inside (slash dep)) (b.depends or [ ]);

  # Every `{ _secret = "/path"; }` inside `item`, by its position ("a.b.[0 (unnamed item)]" as jq would need it).
  recursiveGetAttrWithJqPrefix = item: attr: lib.mapAttrs (_: value: value.${attr}) (recursiveGetAttrsetWithJqPrefix item attr);
  recursiveGetAttrsetWithJqPrefix =
    item: attr:
    let
      index = name: ".\"${lib.escape [ "\"" "\\" ] name}\"";
      walk =
        prefix: value:
        if value ? ${attr} then
          [ { name = prefix; inherit value; } ]
        else if isDerivation value then
          [ ]
        else if builtins.isAttrs value then
          lib.concatLists (lib.mapAttrsToList (name: walk (prefix + index name)) value)
        else if isList value then
          lib.concatLists (lib.imap0 (i: walk "${prefix}[${toString i}]") value)
        else
          [ ];
    in
    builtins.listToAttrs (walk "" item);

  # Selects packages from a set by their names, with a readable error.
  removePackagesByName =
    packages: unwanted:
    let
      names = map lib.getName unwanted;
    in
    builtins.filter (package: !builtins.elem (lib.getName package) names) packages;

  systemdUtils = {
    lib = import ./systemd-lib.nix { inherit lib config pkgs; };
    unitOptions = import ./systemd-unit-options.nix { inherit lib; };
    types = import ./systemd-types.nix { inherit lib config pkgs; };
  };
}
