# PHP behind a web server: services.phpfpm.pools. Each pool is a master of its own, phpfpm-<name>.
#
# The archive switches extensions on in maintainer scripts; here every extension package in the system is switched on, by a
# directory of links that the pool's unit makes.
{ config, lib, pkgs, ... }:

let
  inherit (lib) literalExpression mapAttrs' mapAttrsToList mkDefault mkIf mkOption nameValuePair types;
  cfg = config.services.phpfpm;

  atom = types.oneOf [ types.str types.int types.bool ];
  word = value: if value == true then "yes" else if value == false then "no" else toString value;
  lines = set: lib.concatStrings (mapAttrsToList (name: value: "${name} = ${word value}\n") set);

  # Not from the name: `php`, and what its withExtensions and buildEnv make, are packages for this option as well.
  versionOf = package: lib.versions.majorMinor package.version;
  newest = lib.findFirst (name: pkgs ? ${name}) (throw "the archive has no php-fpm package")
    (map (v: "php${v}-fpm") [ "8.5" "8.4" "8.3" "8.2" "8.1" "8.0" "7.4" ]);

  poolFile = name: pool: pkgs.writeText "phpfpm-${name}.conf" ''
    [global]
    ${lines cfg.settings}${cfg.extraConfig}
    [${name}]
    ${lines pool.settings}${lib.concatStrings (mapAttrsToList (key: value: "env[${key}] = ${value}\n") pool.phpEnv)}${pool.extraConfig}
  '';
  # buildEnv's extraConfig first, so that the pool's options win.
  iniFile = name: pool:
    let own = pool.phpPackage.phpIni or "";
    in pkgs.writeText "php-${name}.ini" (own + lib.optionalString (own != "" && !lib.hasSuffix "\n" own) "\n" + pool.phpOptions);

  pool = { name, config, ... }: {
    options = {
      socket = mkOption {
        type = types.str;
        readOnly = true;
        default = if config.listen == "" then "/run/phpfpm/${name}.sock" else config.listen;
        defaultText = literalExpression ''"/run/phpfpm/<name>.sock"'';
        description = "Where the web server finds this pool.";
      };
      listen = mkOption { type = types.str; default = ""; example = "127.0.0.1:9000"; description = "Address to listen on, instead of a socket."; };
      phpPackage = mkOption {
        type = types.package;
        default = cfg.phpPackage;
        defaultText = literalExpression "config.services.phpfpm.phpPackage";
        description = "The package of PHP.";
      };
      phpOptions = mkOption {
        type = types.lines;
        default = cfg.phpOptions;
        defaultText = literalExpression "config.services.phpfpm.phpOptions";
        description = "Text for {file}`php.ini`.";
      };
      phpEnv = mkOption { type = types.attrsOf types.str; default = { }; description = "Environment variables of scripts."; };
      user = mkOption { type = types.str; description = "User who runs the pool."; };
      group = mkOption { type = types.str; default = ""; description = "Group of the pool."; };
      settings = mkOption {
        type = types.attrsOf atom;
        default = { };
        example = { "pm" = "dynamic"; "pm.max_children" = 75; };
        description = "Settings of the pool.";
      };
      extraConfig = mkOption { type = types.lines; default = ""; description = "Text for the end of the pool's section."; };
    };
    config.settings = builtins.mapAttrs (_: mkDefault) ({
      listen = config.socket;
      user = config.user;
      pm = "dynamic";
      "pm.max_children" = 32;
      "pm.start_servers" = 2;
      "pm.min_spare_servers" = 2;
      "pm.max_spare_servers" = 4;
    } // lib.optionalAttrs (config.group != "") { group = config.group; });
  };
in
{
  options.services.phpfpm = {
    settings = mkOption { type = types.attrsOf atom; default = { }; description = "Settings of the section `[global]`."; };
    extraConfig = mkOption { type = types.lines; default = ""; description = "Text for the section `[global]`."; };
    phpPackage = mkOption {
      type = types.package;
      default = pkgs.${newest};
      defaultText = literalExpression ''pkgs."php<newest>-fpm"'';
      description = "The package of PHP: `php` with or without extensions, or one of the archive's `php<version>-fpm`.";
    };
    phpOptions = mkOption { type = types.lines; default = ""; example = "date.timezone = \"CET\""; description = "Text for {file}`php.ini`."; };
    pools = mkOption {
      type = types.attrsOf (types.submodule pool);
      default = { };
      description = "Pools, by name. Without any, PHP does not run.";
    };
  };

  config = mkIf (cfg.pools != { }) {
    services.phpfpm.settings = { error_log = mkDefault "syslog"; daemonize = mkDefault false; };
    environment.systemPackages = mapAttrsToList (_: pool: pool.phpPackage) cfg.pools;

    systemd.slices.system-phpfpm.description = "PHP FastCGI Process Manager Slice";
    systemd.targets.phpfpm = { description = "PHP FastCGI Process Manager Pools Target"; wantedBy = [ "multi-user.target" ]; };
    systemd.services = mapAttrs' (name: pool:
      let version = versionOf pool.phpPackage;
      in nameValuePair "phpfpm-${name}" {
        description = "PHP FastCGI Process Manager service for pool ${name}";
        wantedBy = [ "phpfpm.target" ];
        partOf = [ "phpfpm.target" ];
        after = [ "network.target" ];
        documentation = [ "man:php-fpm${version}(8)" ];
        environment.PHP_INI_SCAN_DIR = "/run/phpfpm-${name}/conf.d";
        preStart = ''
          mkdir -p /run/phpfpm /run/phpfpm-${name}/conf.d
          # "; priority=20" in an extension's file is its place in the order of loading.
          for file in /usr/share/php${version}-*/*/*.ini; do
            [ -e "$file" ] || continue
            priority=$(sed -n 's/^; *priority=//p' "$file")
            ln -sfn "$file" "/run/phpfpm-${name}/conf.d/''${priority:-20}-''${file##*/}"
          done
          ln -sfn ${iniFile name pool} /run/phpfpm-${name}/conf.d/99-options.ini
        '';
        serviceConfig = {
          Slice = "system-phpfpm.slice";
          Type = "notify";
          ExecStart = "${pool.phpPackage}/usr/sbin/php-fpm${version} -y ${poolFile name pool}";
          ExecReload = "${pkgs.staticBusybox}/bin/kill -USR2 $MAINPID";
          RuntimeDirectory = "phpfpm";
          RuntimeDirectoryPreserve = true;
          Restart = "always";
          PrivateTmp = true;
        };
      }) cfg.pools;
  };
}
