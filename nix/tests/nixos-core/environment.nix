# Variables and shells, tmpfiles, file systems, kernel settings, Nix, and options for machines that do nothing here.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf etc failuresWith hasLine lines warnings;
  variables = environment: (configOf { inherit environment; }).environment.variables;
  # What login shells get, or null.
  exported = name: environment:
    let
      start = "export ${name}=\"";
      found = lib.filter (lib.hasPrefix start) (lines (configOf { inherit environment; }).system.build.setEnvironment.text);
    in
    if found == [ ] then null else lib.removeSuffix "\"" (lib.removePrefix start (lib.head found));
  mounts = fileSystems: (configOf { inherit fileSystems; }).systemd.mounts;
  machine = {
    boot.loader.grub = { enable = true; device = "/dev/sda"; };
    boot.loader.systemd-boot.enable = true;
    boot.initrd = { availableKernelModules = [ "xhci_pci" ]; luks.devices.x.device = "/dev/x"; };
    boot.kernelModules = [ "kvm-intel" ];
    boot.kernelPackages = { };
    boot.supportedFilesystems = [ "ntfs" ];
    hardware.cpu.intel.updateMicrocode = lib.mkDefault true;
    hardware.nvidia.open = true;
    powerManagement.cpuFreqGovernor = "performance";
    swapDevices = [ { device = "/dev/sda2"; } ];
    fileSystems."/" = { device = "/dev/disk/by-label/nixos"; fsType = "ext4"; };
    services.xserver.enable = true;
    virtualisation.docker.enable = true;
    nix.gc.automatic = true;
    documentation.nixos.enable = false;
    fonts.packages = [ ];
  };
in
{
  "lists are joined with colons" = { expr = (variables { variables.X = [ "a" "b" ]; }).X; expected = "a:b"; };
  "session variables are variables" = { expr = (variables { sessionVariables.X = 3; }).X; expected = "3"; };
  "two values for one variable are a conflict, as on NixOS" = {
    expr = (variables { sessionVariables.X = "a"; variables.X = "b"; }).X;
    error = [ "environment.variables.X" "conflicting definition" ];
  };
  "a session's variable wins over what is built in, in shells and sessions alike" = {
    expr =
      let environment.sessionVariables.EDITOR = "vim";
      in [ (exported "EDITOR" environment) (hasLine (etc "pam/environment" { inherit environment; }) ''EDITOR   DEFAULT="vim"'') ];
    expected = [ "vim" true ];
  };
  "paths are files of the store, and are copied there" = {
    expr = map (value: builtins.match "${builtins.storeDir}/[a-z0-9]+-etc.nix" value) [
      (exported "X" { variables.X = ./etc.nix; })
      (exported "X" { sessionVariables.X = [ ./etc.nix ]; })
    ];
    expected = [ [ ] [ ] ];
  };
  "null leaves a variable alone" = { expr = exported "X" { variables.X = null; }; expected = null; };
  "the directories of profiles follow a value, in shells" = {
    expr = map (lib.hasPrefix "/a:$HOME/.nix-profile/share:") [
      (exported "XDG_DATA_DIRS" { variables.XDG_DATA_DIRS = [ "/a" ]; })
      (exported "XDG_DATA_DIRS" { sessionVariables.XDG_DATA_DIRS = "/a"; })
    ];
    expected = [ true true ];
  };
  "and in sessions" = {
    expr = lib.hasInfix ''XDG_DATA_DIRS   DEFAULT="/a:@{HOME}/.nix-profile/share:'' (etc "pam/environment" { environment.sessionVariables.XDG_DATA_DIRS = [ "/a" ]; });
    expected = true;
  };
  "a directory of the user's is in the path before those of profiles" = {
    expr = map (lib.hasPrefix "/run/wrappers/bin:/opt/bin:$HOME/.nix-profile/bin:") [
      (exported "PATH" { variables.PATH = [ "/opt/bin" ]; })
      (exported "PATH" { sessionVariables.PATH = "/opt/bin"; })
    ];
    expected = [ true true ];
  };
  "in sessions too" = {
    expr = lib.hasInfix ''PATH   DEFAULT="/run/wrappers/bin:/opt/bin:@{HOME}/.nix-profile/bin:'' (etc "pam/environment" { environment.sessionVariables.PATH = "/opt/bin"; });
    expected = true;
  };
  "more suffixes than the built-in ones" = {
    expr = lib.hasInfix ":/run/current-system/sw/extra:/run/current-system/sw/bin:/run/current-system/sw/sbin:" (exported "PATH" { profileRelativeEnvVars.PATH = [ "/extra" ]; });
    expected = true;
  };
  "wrappers come first in the path, the archive's places last" = {
    expr = map (f: f (lib.splitString ":" (exported "PATH" { }))) [ lib.head lib.last ];
    expected = [ "/run/wrappers/bin" "/usr/bin" ];
  };
  "no place is in the path twice" = {
    expr = let path = lib.splitString ":" (exported "PATH" { }); in lib.unique path == path;
    expected = true;
  };
  "PAM's sessions know home and user in its own words" = {
    expr = hasLine (etc "pam/environment" { environment.sessionVariables.X = "$HOME/x-$USER"; }) ''X   DEFAULT="@{HOME}/x-@{PAM_USER}"'';
    expected = true;
  };
  "shells are listed" = { expr = builtins.elem "/bin/x" (lines (etc "shells" { environment.shells = [ "/bin/x" ]; })); expected = true; };
  "an alias can be taken back" = { expr = (configOf { environment.shellAliases.l = null; }).environment.shellAliases.l; expected = null; };

  "tmpfiles: lines" = { expr = hasLine (etc "tmpfiles.d/00-nixos.conf" { systemd.tmpfiles.rules = [ "d /x" ]; }) "d /x"; expected = true; };
  "tmpfiles: values" = {
    expr = lines (etc "tmpfiles.d/10-x.conf" { systemd.tmpfiles.settings."10-x"."/a b".d = { mode = "0700"; user = "u"; }; });
    expected = [ "d /a\\x20b 0700 u - -" ];
  };
  "tmpfiles: an argument is what is written, whatever is in it" = {
    expr = lines (etc "tmpfiles.d/10-x.conf" { systemd.tmpfiles.settings."10-x"."/a".f.argument = "one two\tthree\nfour\r \\n"; });
    expected = [ "f /a - - - - one\\x20two\\x09three\\x0afour\\x0d\\x20\\x5cn" ];
  };
  "tmpfiles of users are lines, and somebody reads them" = {
    expr =
      let module.systemd.user.tmpfiles.rules = [ "D %C - - - 7d" ];
      in [ (hasLine (etc "xdg/user-tmpfiles.d/00-nixos.conf" module) "D %C - - - 7d") (configOf module).systemd.user.targets.basic.wants (configOf module).systemd.user.targets.timers.wants ];
    expected = [ true [ "systemd-tmpfiles-setup.service" ] [ "systemd-tmpfiles-clean.timer" ] ];
  };
  "without any there is nothing" = { expr = let c = configOf { }; in [ (c.environment.etc ? "xdg/user-tmpfiles.d/00-nixos.conf") (c.systemd.user.targets ? basic) ]; expected = [ false false ]; };
  "/tmp is not emptied by a switch" = { expr = lib.any (lib.hasPrefix "D /tmp") (lines (etc "tmpfiles.d/tmp.conf" { })); expected = false; };

  "kernel settings that may fail" = {
    expr = lines (etc "sysctl.d/60-nixos.conf" { boot.kernel.sysctl = { "net.ipv4.ip_forward" = true; "vm.swappiness" = 10; "a.b" = null; }; });
    expected = [ "-net.ipv4.ip_forward=1" "-vm.swappiness=10" ];
  };
  "the highest of several buffer sizes" = {
    expr = (configOf { boot.kernel.sysctl = lib.mkMerge [ { "net.core.rmem_max" = 100; } { "net.core.rmem_max" = 200; } ]; })
      .boot.kernel.sysctl."net.core.rmem_max";
    expected = 200;
  };
  "two different values for another one conflict" = {
    expr = (configOf { boot.kernel.sysctl = lib.mkMerge [ { "a.b" = 1; } { "a.b" = 2; } ]; }).boot.kernel.sysctl."a.b";
    error = "boot.kernel.sysctl";
  };

  "a file system in memory is mounted" = {
    expr = map (m: { inherit (m) what where type options; }) (mounts { "/cache" = { fsType = "tmpfs"; options = [ "size=1m" "nofail" ]; }; });
    expected = [ { what = "tmpfs"; where = "/cache"; type = "tmpfs"; options = "size=1m"; } ];
  };
  "a bind mount waits for its source" = {
    expr = (lib.head (mounts { "/b" = { device = "/a"; options = [ "bind" ]; }; })).unitConfig.RequiresMountsFor;
    expected = [ "/a" ];
  };
  "an overlay says its directories" = {
    expr = (lib.head (mounts { "/o".overlay = { lowerdir = [ "/l1" "/l2" ]; upperdir = "/u"; workdir = "/w"; }; })).options;
    expected = "lowerdir=/l1:/l2,upperdir=/u,workdir=/w";
  };
  "disks are the host's" = { expr = mounts { "/data" = { device = "/dev/sdb1"; fsType = "ext4"; }; }; expected = [ ]; };
  "a failing mount does not stop the start if that is said" = {
    expr = let m = lib.head (mounts { "/c" = { fsType = "tmpfs"; options = [ "nofail" ]; }; }); in [ m.wantedBy m.requiredBy ];
    expected = [ [ "local-fs.target" ] [ ] ];
  };

  "nix.conf" = {
    expr = lib.tail (lines (etc "nix/nix.conf" { nix.settings = { experimental-features = [ "nix-command" "flakes" ]; sandbox = true; }; nix.extraOptions = "x = y"; }));
    expected = [ "experimental-features = nix-command flakes" "sandbox = true" "x = y" ];
  };
  "nix' old names of caches" = {
    expr = let s = (configOf { nix = { binaryCaches = [ "https://c" ]; binaryCachePublicKeys = [ "k" ]; trustedBinaryCaches = [ "https://t" ]; requireSignedBinaryCaches = false; sandboxPaths = [ "/x" ]; }; }).nix.settings;
      in [ s.substituters s.trusted-public-keys s.trusted-substituters s.require-sigs s.extra-sandbox-paths ];
    expected = [ [ "https://c" ] [ "k" ] [ "https://t" ] false [ "/x" ] ];
  };
  "nix' old option names" = { expr = (configOf { nix.trustedUsers = [ "alice" ]; }).nix.settings.trusted-users; expected = [ "alice" ]; };

  "a machine's configuration evaluates" = { expr = lib.hasPrefix "nixos-system-web" (configOf machine).system.build.toplevel.name; expected = true; };
  "what others read of it is there" = {
    expr = let c = configOf { }; in [ c.services.xserver.enable c.boot.loader.grub.enable c.hardware.graphics.enable c.virtualisation.docker.enable ];
    expected = [ false false false false ];
  };

  "a service without a module may be off" = { expr = (configOf { services.udisks2.enable = false; }).services.udisks2.enable; expected = false; };
  "but not on" = {
    expr = map (lib.hasInfix "services.udisks2.enable is set") (failuresWith "udisks2" { services.udisks2.enable = true; });
    expected = [ true ];
  };
  "servers that Debian does not have are known by name, whatever their settings" = {
    expr = map (name: map (lib.hasInfix "containers.<name>.nixpkgs") (failuresWith "services.${name}.enable is set" {
      services.${name} = { enable = true; package = throw "not there"; settings.server.http_port = 3000; };
    })) [ "grafana" "gitea" "nextcloud" "matrix-synapse" "vaultwarden" "jellyfin" "home-assistant" ];
    expected = lib.replicate 7 [ true ];
  };
  "and may be off" = { expr = map (name: (configOf { services.${name}.enable = false; }).services.${name}.enable) [ "grafana" "forgejo" ]; expected = [ false false ]; };
  "confinement is not silently ignored" = {
    expr = lib.filter (lib.hasInfix "confinement") (warnings { systemd.services.x.confinement.enable = true; });
    expected = [ "systemd.services.x.confinement is not available here: the service runs without it" ];
  };

  "a wrapper with both kinds of rights is refused" = {
    expr = map (a: a.assertion) (lib.filter (a: lib.hasInfix "security.wrappers.x" a.message)
      (configOf { security.wrappers.x = { source = "/x"; owner = "root"; group = "root"; setuid = true; capabilities = "cap_net_raw+p"; }; }).assertions);
    expected = [ false ];
  };
  "a wrapper's mode is checked" = {
    expr = (configOf { security.wrappers.x = { source = "/x"; owner = "root"; group = "root"; permissions = "rwx"; }; }).security.wrappers.x.permissions;
    error = "security.wrappers.x.permissions";
  };
  "a container is a container" = { expr = (configOf { }).boot.isContainer; expected = true; };
  "nspawn's containers are containers" = { expr = (configOf { boot.isNspawnContainer = true; boot.isContainer = lib.mkDefault false; }).boot.isContainer; expected = true; };
}
