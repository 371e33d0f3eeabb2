# `environment.etc`: files of /etc that come from the configuration, and their installation.
#
# The static tree ($toplevel/etc, later /etc/static) holds everything; the activation script links it into /etc file by
# file (setup-etc.sh), so that files of other origin can live beside. Below the declared files lie the default
# configurations that packages bring in their own etc.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings filter mkDefault mkIf mkOption types;
  fileTree = import ../../../lib/file-tree.nix { inherit lib pkgs; };

  entries = lib.attrValues config.environment.etc;
  enabled = filter (entry: entry.enable) entries;

  # Entries below other entries.
  buried =
    let
      present = builtins.listToAttrs (map (entry: { name = entry.target; value = null; }) enabled);
      isBelow = path: let above = dirOf path; in above != "." && above != "/" && (present ? ${above} || isBelow above);
    in
    filter isBelow (lib.attrNames present);

  # A text that nobody gave a source of its own is written right into the tree, without a derivation.
  isInline = entry: entry.source ? etcText && entry.mode != "direct-symlink";
  isCopy = entry: entry.mode != "symlink" && entry.mode != "direct-symlink";

  # What the builder needs to know of each entry; see build-etc.sh. Owners are asked for where there is a copy to own only:
  # most entries are links, and every option that is not evaluated makes a container cheaper.
  row = entry: lib.concatStringsSep "\t" (
    [
      (if !entry.enable then "off" else if isCopy entry then "copy" else if entry.mode == "direct-symlink" then "direct" else "link")
      entry.target
      (if !entry.enable || isInline entry then "-" else "${entry.source}")
    ]
    ++ (if entry.enable && isCopy entry then [ entry.mode entry.user entry.group ] else [ ])
  ) + "\n";

  etc = pkgs.runCommand "etc" {
    table = concatMapStrings row entries;
    texts = fileTree.encode (
      builtins.listToAttrs (map (entry: { name = entry.target; value = entry.source.etcText; }) (filter isInline enabled))
    );
    passAsFile = [ "table" "texts" ];
    packagesEtc = "${config.system.path}/etc";
    skip = config.environment.etcSkipped;
    preferLocalBuild = true;
    allowSubstitutes = false;
  } ''
    mkdir -p $out/etc
    (out=$out/etc; ${fileTree.unpack "$textsPath"})
    overlay=${./package-files.awk}
    . ${./build-etc.sh}
  '';
in
{
  options.environment = {
    etc = mkOption {
      default = { };
      example = lib.literalExpression ''
        {
          "foo.conf".text = "bar = 1";
          "secret-less.conf" = { source = ./file; mode = "0640"; group = "staff"; };
        }
      '';
      description = "Files that are linked (or copied) into {file}`/etc`.";
      type = types.attrsOf (
        types.submodule (
          { name, config, options, ... }:
          {
            options = {
              enable = mkOption {
                type = types.bool;
                default = true;
                description = "Whether the file is there; false also hides a package's file of that name.";
              };
              target = mkOption {
                type = types.str;
                description = "Path below {file}`/etc`; the name of the attribute by default.";
              };
              text = mkOption {
                type = types.nullOr types.lines;
                default = null;
                description = "Content of the file.";
              };
              source = mkOption {
                type = types.path;
                description = "File or directory that is linked.";
              };
              mode = mkOption {
                type = types.str;
                default = "symlink";
                example = "0600";
                description = ''
                  `symlink`: a link through {file}`/etc/static`; `direct-symlink`: a link to the source; an octal number:
                  a copy with that mode.
                '';
              };
              uid = mkOption {
                type = types.int;
                default = 0;
                description = "Owner of a copy, as a number.";
              };
              gid = mkOption {
                type = types.int;
                default = 0;
                description = "Group of a copy, as a number.";
              };
              user = mkOption {
                type = types.str;
                default = "+${toString config.uid}";
                defaultText = lib.literalExpression "config.uid";
                description = "Owner of a copy, as a name or `+` and a number.";
              };
              group = mkOption {
                type = types.str;
                default = "+${toString config.gid}";
                defaultText = lib.literalExpression "config.gid";
                description = "Group of a copy, as a name or `+` and a number.";
              };
            };

            config = {
              target = mkDefault name;
              source = mkIf (config.text != null) (
                lib.mkDerivedConfig options.text (
                  text:
                  # The name as nixpkgs makes it; a store name must not contain a slash.
                  pkgs.writeText ("etc-" + lib.strings.sanitizeDerivationName (baseNameOf name)) text // { etcText = text; }
                )
              );
            };
          }
        )
      );
    };

    etcSkipped = mkOption {
      type = types.listOf types.str;
      internal = true;
      default = [ ];
      description = "Paths below /etc that are not taken from packages, with everything in them.";
    };
  };

  config = {
    # What other mechanisms of this system do, or what only an archive system's own tools look at.
    environment.etcSkipped = [
      "alternatives"
      "bash.bashrc"
      "cron.d"
      "cron.daily"
      "cron.hourly"
      "cron.monthly"
      "cron.weekly"
      "cron.yearly"
      "dpkg/origins"
      "fstab"
      "init.d"
      "initramfs-tools"
      "issue"
      "issue.net"
      "kernel"
      "modprobe.d"
      "modules-load.d"
      "network"
      "profile"
      "rc0.d"
      "rc1.d"
      "rc2.d"
      "rc3.d"
      "rc4.d"
      "rc5.d"
      "rc6.d"
      "rcS.d"
      "rmt"
      "skel/.profile"
      "skel/.bashrc"
      "skel/.bash_logout"
      "systemd/system"
      "systemd/user"
      "udev"
      "update-motd.d"
      "mtab"
      "os-release"
    ];

    system.build.etc = etc;

    system.activationScripts.etc = {
      deps = [ "users" "groups" ];
      shell = "busybox";
      text = ''
        echo "setting up /etc..."
        sh ${./setup-etc.sh} "$systemConfig" /etc || fail
      '';
    };

    assertions = [
      {
        # Two entries for one path would silently hide each other.
        assertion = lib.allUnique (map (entry: entry.target) enabled);
        message =
          let
            targets = map (entry: entry.target) enabled;
            double = lib.unique (filter (target: lib.count (other: other == target) targets > 1) targets);
          in
          "environment.etc has more than one entry for: ${toString double}";
      }
      {
        assertion = buried == [ ];
        message = "environment.etc has entries below other entries, which are files or links: ${toString buried}";
      }
    ];
  };
}
