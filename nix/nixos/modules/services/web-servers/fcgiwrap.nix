# CGI programs behind a web server: services.fcgiwrap.instances. Each instance is a unit of its own, fcgiwrap-<name>.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mapAttrs' mapAttrsToList mkIf mkOption nameValuePair optional optionalString types;
  cfg = config.services.fcgiwrap.instances;
  each = toUnit: mapAttrs' (name: instance: nameValuePair "fcgiwrap-${name}" (toUnit instance)) cfg;

  maybe = description: mkOption { type = types.nullOr types.str; default = null; inherit description; };
  instance = { name, config, ... }: {
    options = {
      process.prefork = mkOption { type = types.ints.positive; default = 1; description = "Number of processes."; };
      process.user = maybe "User who runs the programs; one made up for the time of the service without.";
      process.group = maybe "Group of the programs.";
      socket.type = mkOption { type = types.enum [ "unix" "tcp" "tcp6" ]; default = "unix"; description = "Kind of the socket."; };
      socket.address = mkOption {
        type = types.str;
        default = "/run/fcgiwrap-${name}.sock";
        defaultText = lib.literalExpression ''"/run/fcgiwrap-<name>.sock"'';
        example = "1.2.3.4:5678";
        description = "Path of the socket, or address and port.";
      };
      socket.user = maybe "User who owns the socket: the web server's.";
      socket.group = maybe "Group of the socket.";
      socket.mode = mkOption {
        type = types.nullOr types.str;
        default = if config.socket.type == "unix" then "0600" else null;
        defaultText = lib.literalExpression ''if config.socket.type == "unix" then "0600" else null'';
        description = "Access mode of the socket.";
      };
    };
  };
in
{
  options.services.fcgiwrap.instances = mkOption {
    type = types.attrsOf (types.submodule instance);
    default = { };
    description = "Instances, by name.";
  };

  config = mkIf (cfg != { }) {
    assertions = lib.concatLists (mapAttrsToList (name: { socket, ... }:
      map (what: {
        assertion = socket.type == "unix" -> socket.${what} != null;
        message = "services.fcgiwrap.instances.${name}: Socket owner is required for the UNIX socket type (socket.${what}).";
      }) [ "user" "group" ]
      ++ map (what: {
        assertion = socket.${what} != null -> socket.type == "unix";
        message = "services.fcgiwrap.instances.${name}: socket.${what} can only be set for the UNIX socket type.";
      }) [ "user" "group" "mode" ]
    ) cfg);

    environment.systemPackages = [ pkgs.fcgiwrap ];
    systemd.services = each ({ process, socket, ... }: {
      description = "CGI programs for a web server";
      after = [ "nss-user-lookup.target" ];
      wantedBy = optional (socket.type != "unix") "multi-user.target";
      serviceConfig = {
        ExecStart = "${pkgs.fcgiwrap}/usr/sbin/fcgiwrap -c ${toString process.prefork}${optionalString (socket.type != "unix") " -s ${socket.type}:${socket.address}"}";
      } // (if process.user != null then { User = process.user; Group = process.group; } else { DynamicUser = true; });
    });
    systemd.sockets = each ({ socket, ... }: mkIf (socket.type == "unix") {
      wantedBy = [ "sockets.target" ];
      socketConfig = {
        ListenStream = socket.address;
        SocketUser = socket.user;
        SocketGroup = socket.group;
        SocketMode = socket.mode;
      };
    });
  };
}
