# /etc/nsswitch.conf: where users, groups, host names and services are looked up.
#
# Modules append to the lists with mkBefore and mkAfter; the libraries themselves come from packages named
# libnss-*, whose files land where glibc looks without further help.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkAfter mkBefore mkOption types;
  databases = config.system.nssDatabases;

  mkDatabase = name: mkOption {
    type = types.listOf types.str;
    default = [ ];
    description = "The sources of the `${name}` database, in the order in which they are asked.";
  };
in
{
  options.system = {
    nssModules = mkOption {
      type = types.listOf types.path;
      default = [ ];
      internal = true;
      apply = modules: {
        list = modules;
        path = lib.makeLibraryPath modules;
      };
      description = "Packages with name service switch libraries.";
    };

    nssDatabases = {
      passwd = mkDatabase "passwd";
      group = mkDatabase "group";
      shadow = mkDatabase "shadow";
      sudoers = mkDatabase "sudoers";
      hosts = mkDatabase "hosts";
      services = mkDatabase "services";
    };
  };

  config = {
    system.nssModules = [ pkgs.libnss-systemd pkgs.libnss-myhostname ];
    # In the system even if no unit mentions them.
    environment.systemPackages = config.system.nssModules.list;

    system.nssDatabases = {
      # "systemd" after "files": users of DynamicUser= services get names.
      passwd = lib.mkMerge [ (mkBefore [ "files" ]) (mkAfter [ "systemd" ]) ];
      group = lib.mkMerge [ (mkBefore [ "files [success=merge]" ]) (mkAfter [ "systemd" ]) ];
      shadow = lib.mkMerge [ (mkBefore [ "files" ]) (mkAfter [ "systemd" ]) ];
      sudoers = mkBefore [ "files" ];
      hosts = lib.mkMerge [
        (mkBefore [ "files" ])
        (lib.mkOrder 1499 [ "myhostname" ])
        (lib.mkOrder 1501 [ "dns" ])
      ];
      services = mkBefore [ "files" ];
    };

    environment.etc."nsswitch.conf".text = ''
      passwd:    ${toString databases.passwd}
      group:     ${toString databases.group}
      shadow:    ${toString databases.shadow}
      sudoers:   ${toString databases.sudoers}

      hosts:     ${toString databases.hosts}
      networks:  files

      ethers:    files
      services:  ${toString databases.services}
      protocols: files
      rpc:       files
    '';
  };
}
