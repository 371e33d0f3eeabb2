# What the machine is called, /etc/hosts, the resolver, /etc/nsswitch.conf, time and language.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf etc failures hasLine service;
  network = module: (configOf { networking = module; }).networking;
  resolver = module: (configOf { networking = module; }).systemd.services ? resolvconf;
  nsswitch = module: etc "nsswitch.conf" module;
in
{
  "the host name is in /etc/hostname" = { expr = etc "hostname" { }; expected = "web\n"; };
  "a host name with a dot is refused" = {
    expr = (network { hostName = "web.example.org"; }).hostName;
    error = [ "networking.hostName" "is not of type" ];
  };
  "a host name of 64 letters is refused" = {
    expr = (network { hostName = lib.concatStrings (lib.replicate 64 "a"); }).hostName;
    error = "is not of type";
  };
  "an empty host name writes no file" = { expr = (configOf { networking.hostName = ""; }).environment.etc ? hostname; expected = false; };
  "the full name is host name and domain" = { expr = (network { domain = "example.org"; }).fqdn; expected = "web.example.org"; };
  "the full name without a domain is an error that says what to set" = {
    expr = (network { }).fqdn;
    error = [ "The FQDN is required but cannot be determined" "networking.domain" ];
  };
  "without a domain fqdnOrHostName is the host name" = { expr = (network { }).fqdnOrHostName; expected = "web"; };
  "a host id must be eight hexadecimal digits" = {
    expr = failures { networking.hostId = "xyz"; };
    expected = [ "Invalid value given to the networking.hostId option." ];
  };
  "a good host id is written" = { expr = (configOf { networking.hostId = "4e98920d"; }).environment.etc ? hostid; expected = true; };

  "the own names resolve to 127.0.0.2, full name first" = {
    expr = (network { domain = "example.org"; }).hosts."127.0.0.2";
    expected = [ "web.example.org" "web" ];
  };
  "names of services and protocols come with a package" = {
    expr = builtins.elem "netbase" (map (package: package.pname or "") (configOf { }).environment.systemPackages);
    expected = true;
  };
  "taking localhost from 127.0.0.1 is refused" = {
    expr = failures { networking.hosts."127.0.0.1" = [ "other" ]; };
    expected = [ ''`networking.hosts` doesn't map "127.0.0.1" to "localhost"'' ];
  };
  "a proxy for all protocols sets the variables" = {
    expr = (configOf { networking.proxy.default = "http://p:1"; }).environment.sessionVariables.https_proxy;
    expected = "http://p:1";
  };

  "a container keeps its host's resolv.conf" = { expr = resolver { }; expected = false; };
  "a name server of its own takes the file over" = { expr = resolver { nameservers = [ "192.0.2.1" ]; }; expected = true; };
  "a search domain takes the file over" = { expr = resolver { search = [ "example.org" ]; }; expected = true; };
  "without the host's servers the file is written, too" = { expr = resolver { useHostResolvConf = false; }; expected = true; };
  "a resolv.conf of the user's is left alone" = {
    expr = (configOf { environment.etc."resolv.conf".text = "x"; networking.nameservers = [ "192.0.2.1" ]; }).systemd.services ? resolvconf;
    expected = false;
  };
  "the declared servers come before the host's" = {
    expr = lib.hasInfix "nameserver 192.0.2.1\nsearch example.org\noptions ndots:2 edns0\n"
      (service "resolvconf" { networking = { nameservers = [ "192.0.2.1" ]; search = [ "example.org" ]; resolvconf.extraOptions = [ "ndots:2" ]; }; }).script;
    expected = true;
  };
  "with a local resolver nobody else is asked" = {
    expr =
      let script = (service "resolvconf" { services.unbound.enable = true; }).script;
      in [ (lib.hasInfix "nameserver 127.0.0.1\n" script) (lib.hasInfix "cat /run/resolvconf/host\n" script) ];
    expected = [ true false ];
  };
  "systemd-resolved and the host's servers exclude each other" = {
    expr = builtins.length (failures { services.resolved.enable = true; networking.useHostResolvConf = true; });
    expected = 1;
  };
  "systemd-resolved brings its own resolv.conf" = {
    expr =
      let c = configOf { services.resolved.enable = true; };
      in [ c.environment.etc."resolv.conf".source (c.systemd.services ? resolvconf) c.networking.useHostResolvConf ];
    expected = [ "/run/systemd/resolve/stub-resolv.conf" false false ];
  };
  "an old name of a resolver option still works, and says so" = {
    expr = (configOf { networking.dnsSingleRequest = true; }).networking.resolvconf.dnsSingleRequest;
    expected = true;
  };

  "host names: files, then the own name, then DNS" = { expr = hasLine (nsswitch { }) "hosts:     files myhostname dns"; expected = true; };
  "users of DynamicUser services have names" = { expr = hasLine (nsswitch { }) "passwd:    files systemd"; expected = true; };
  "a module can put a source between" = {
    expr = hasLine (nsswitch { system.nssDatabases.hosts = lib.mkBefore [ "mymachines" ]; }) "hosts:     files mymachines myhostname dns"
      || hasLine (nsswitch { system.nssDatabases.hosts = lib.mkBefore [ "mymachines" ]; }) "hosts:     mymachines files myhostname dns";
    expected = true;
  };

  "the time zone is a link whose name tells the zone" = {
    expr = with (configOf { time.timeZone = "Europe/Berlin"; }).environment.etc.localtime; [ source mode ];
    expected = [ "/usr/share/zoneinfo/Europe/Berlin" "direct-symlink" ];
  };
  "a time zone with a blank is refused" = {
    expr = (configOf { time.timeZone = "America/New York"; }).time.timeZone;
    error = [ "time.timeZone" "string without spaces" ];
  };
  "without a time zone there is no link" = { expr = (configOf { }).environment.etc ? localtime; expected = false; };
  "the default language needs no compiled locale" = {
    expr = [ (etc "locale.conf" { }) (configOf { }).i18n.supportedLocales ];
    expected = [ "LANG=C.UTF-8\n" [ "C.UTF-8/UTF-8" ] ];
  };
  "a language and its exceptions" = {
    expr = etc "locale.conf" { i18n = { defaultLocale = "de_DE.UTF-8"; extraLocaleSettings.LC_MESSAGES = "en_US.UTF-8"; }; };
    expected = "LANG=de_DE.UTF-8\nLC_MESSAGES=en_US.UTF-8\n";
  };
  "their locales are built" = {
    expr = (configOf { i18n = { defaultLocale = "de_DE.UTF-8"; extraLocaleSettings.LC_MESSAGES = "en_US.UTF-8"; }; }).i18n.supportedLocales;
    expected = [ "de_DE.UTF-8/UTF-8" "en_US.UTF-8/UTF-8" ];
  };
  "console options are accepted" = { expr = (configOf { console.keyMap = "de"; console.font = "Lat2-Terminus16"; }).console.keyMap; expected = "de"; };
}
