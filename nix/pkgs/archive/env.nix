# Joins packages into one tree of links: a system's `sw`, or what a build sees
# as /usr.
#
#   archiveEnv { name; packages; closure ? [ ]; }
#
# `packages` are asked for by name and win over `closure`, which is what they
# depend on (from the lock). The derivation carries `archiveClosure`: a walk
# over the .drv files looks for packages in `packages` only, because `closure`
# is already the answer of such a walk.
#
# A path that two packages have goes to the one with the better
# `meta.priority`, then to the earlier one; it is never an error, since the
# archive's own ways out (diversions, Replaces) belong to dpkg.
#
# Not Nix's builtin:buildenv, which leaves out links that dangle in the build
# (/usr/bin/python3 -> python3.11 of another package).
{
  lib,
  system,
  bootstrap,
}:
let
  inherit (builtins)
    concatStringsSep
    isAttrs
    sort
    ;

  # Position in the list breaks ties, so the order is total and stable.
  ranked =
    base: list:
    lib.imap0 (position: package: {
      inherit package position;
      priority = if isAttrs package then package.meta.priority or base else base;
    }) list;

  before =
    a: b: if a.priority != b.priority then a.priority < b.priority else a.position < b.position;

  isArchiveShaped = package: isAttrs package && (package ? archive || package.archiveShaped or false);

  line = { package, ... }: if isArchiveShaped package then "usr ${package}" else "top ${package}";
in
{
  name,
  packages,
  closure ? [ ],
  extraAttributes ? { },
}:
let
  # 5 is what a package without a wish has in Nix; dependencies come after.
  wanted = ranked 5 packages;
  order = sort before (wanted ++ map (entry: entry // { position = entry.position + 1000000; }) (ranked 6 closure));
  drv = derivation (
    {
      inherit name system;
      busybox = bootstrap.busybox;
      builder = "${bootstrap.busybox}/bin/sh";
      args = [ ./env.sh ];
      envAwk = ./env.awk;
      # Long lists do not fit into an environment variable.
      passAsFile = [
        "paths"
        "archiveRoots"
      ];
      paths = concatStringsSep "\n" (lib.unique (map line order));
      archiveClosure = "1";
      archiveRoots = concatStringsSep " " (map (entry: "${entry.package}") wanted);
      preferLocalBuild = true;
      allowSubstitutes = false;
    }
    // extraAttributes
  );
in
drv
// {
  meta.description = "Packages joined into one tree";
}
