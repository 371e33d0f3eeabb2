# What this machine is called: networking.hostName, domain, fqdn, hostId, and the files that say so.
#
# Not here: /etc/hosts (config/networking.nix) and anything about interfaces (networking/interfaces.nix).
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkIf mkOption types;
  cfg = config.networking;

  # gethostid(3) reads four bytes in the machine's own byte order; every architecture that we build for
  # is little-endian, so the pairs of hex digits are written from the last to the first.
  hostIdFile =
    let
      pair = offset: "\\x" + builtins.substring offset 2 cfg.hostId;
    in
    pkgs.runCommand "hostid" { } ''
      printf '${pair 6}${pair 4}${pair 2}${pair 0}' > $out
    '';
in
{
  options.networking = {
    hostName = mkOption {
      # One DNS label, or nothing: a name with dots belongs to hostName and domain together.
      type = types.strMatching "^$|^[[:alnum:]]([[:alnum:]_-]{0,61}[[:alnum:]])?$";
      default = config.system.nixos.distroId;
      defaultText = lib.literalExpression "config.system.nixos.distroId";
      description = ''
        The name of the machine: one DNS label without its domain (which is {option}`networking.domain`).
        A container is called by its own name unless this is set. Leave it empty to take the name
        that the container manager or DHCP gives.
      '';
    };

    domain = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "home.arpa";
      description = "The DNS domain of the machine, without the host name.";
    };

    fqdn = mkOption {
      type = types.str;
      default =
        if cfg.hostName != "" && cfg.domain != null then
          "${cfg.hostName}.${cfg.domain}"
        else
          throw ''
            The FQDN is required but cannot be determined from `networking.hostName`
            and `networking.domain`. Please ensure these options are set properly or
            set `networking.fqdn` directly.
          '';
      defaultText = lib.literalExpression ''"''${networking.hostName}.''${networking.domain}"'';
      description = ''
        The fully qualified domain name of the machine. Reading it fails when the host name or the
        domain is missing.
      '';
    };

    fqdnOrHostName = mkOption {
      type = types.str;
      readOnly = true;
      default = if cfg.domain == null then cfg.hostName else cfg.fqdn;
      defaultText = lib.literalExpression "if cfg.domain == null then cfg.hostName else cfg.fqdn";
      description = "The fully qualified domain name if there is a domain, and the host name otherwise.";
    };

    hostId = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "4e98920d";
      description = ''
        The 32-bit host id of the machine as eight hexadecimal digits, for programs that call
        `gethostid`. Nothing is written when it is `null`.
      '';
    };

    enableIPv6 = mkOption {
      type = types.bool;
      default = true;
      description = "Whether to use IPv6.";
    };
  };

  config = {
    assertions = [
      {
        assertion = cfg.hostId == null || builtins.match "[0-9a-fA-F]{8}" cfg.hostId != null;
        message = "Invalid value given to the networking.hostId option.";
      }
    ];

    environment.etc = {
      hostname = mkIf (cfg.hostName != "") { text = cfg.hostName + "\n"; };
      hostid = mkIf (cfg.hostId != null) { source = hostIdFile; };
    };

    boot.kernel.sysctl = mkIf (!cfg.enableIPv6) {
      "net.ipv6.conf.all.disable_ipv6" = true;
      "net.ipv6.conf.default.disable_ipv6" = true;
    };
  };
}
