# Evaluates a guest with the real module tree and an archive of made-up packages.
#
# Made up: a handful of names and one hash for all; enough for texts and store paths, nothing can be built from it.
{ lib }:

let
  hash = builtins.hashString "sha256" "nothing";
  versions = {
    openssh-server = "1:9.2p1-2";
    nginx = "1.22.1-9";
    "php8.2-cli" = "8.2.36-1~deb12u1";
    "php8.2-fpm" = "8.2.36-1~deb12u1";
    postgresql-15 = "15.8-0";
    systemd = "252.39-1";
  };
  names = [
    "adduser" "apache2-bin" "base-files" "base-passwd" "bash" "bash-completion" "bsdutils" "ca-certificates" "coreutils" "cron" "curl" "dash"
    "dbus-bin" "dbus-daemon" "dbus-session-bus-common" "dbus-system-bus-common" "debianutils" "dhcpcd-base" "diffutils"
    "dnsmasq-base" "findutils" "fish" "gawk" "git" "grep" "gzip" "haproxy" "hostname" "htop" "init-system-helpers" "iproute2" "iptables" "iputils-ping" "kmod"
    "less" "libc-bin" "libc6" "libnginx-mod-http-brotli-filter" "libnginx-mod-http-brotli-static" "libnginx-mod-stream" "libnss-myhostname"
    "libnss-resolve" "libnss-systemd" "libpam-modules" "libpam-modules-bin" "libpam-runtime" "libpam-systemd" "libpam0g" "locales" "locales-all" "login" "logrotate" "mariadb-client"
    "mariadb-server" "mawk" "media-types" "mount" "mtr-tiny" "nano" "ncurses-base" "ncurses-bin" "neovim" "netbase" "nftables" "nginx" "nginx-common" "nix-bin" "openssh-client"
    "openssh-server" "openssh-sftp-server" "openssl" "passwd" "perl-base" "pkexec" "polkitd" "postgresql-15" "postgresql-15-semver" "postgresql-client-15"
    "procps" "prometheus-node-exporter" "redis-server" "redis-tools" "sed" "sudo" "systemd" "systemd-resolved" "systemd-sysv" "systemd-timesyncd" "tar" "tmux" "tzdata"
    "gnupg" "gpg-agent" "zsh-autosuggestions" "zsh-syntax-highlighting" "pkexec" "samba" "bind9" "ucf" "udev" "ulogd2" "unbound" "unbound-anchor" "util-linux" "util-linux-extra" "vim" "wireguard-tools" "zsh" "avahi-daemon" "avahi-utils" "borgbackup" "direnv" "dovecot-core" "dovecot-imapd" "dovecot-lmtpd" "dovecot-pop3d" "fcgiwrap" "fzf" "libnss-mdns" "msmtp" "msmtp-mta" "opendoas" "postfix" "postfix-pcre" "rsyslog" "xz-utils" "caddy" "mosquitto" "openvpn" "php8.2-fpm" "memcached" "prometheus" "prometheus-alertmanager" "prometheus-blackbox-exporter" "prometheus-mysqld-exporter" "prometheus-nginx-exporter" "prometheus-postgres-exporter" "prometheus-redis-exporter" "gettext-base" "tor" "vsftpd" "apache2" "dbus" "fail2ban" "python3-systemd" "restic" "rsync" "syncthing" "zstd" "php8.2-cli" "php8.2-gd" "rclone"
  ];
  entry = name: {
    inherit name;
    value = {
      version = versions.${name} or "1.0-1";
      sha256 = hash;
      size = 1;
      file = "pool/${name}.deb";
    };
  };

  pkgs = import ../../../pkgs {
    inherit lib;
    index = null;
    lock = {
      bootstrap.busybox = { name = "busybox"; version = "1"; sha256 = hash; };
      packages = builtins.listToAttrs (map entry names);
      closure = [ ];
    };
  };

  evaluate = modules: import ../../../nixos/lib/eval-config.nix {
    inherit lib pkgs;
    modules = [
      {
        boot.isContainer = true;
        networking.hostName = lib.mkDefault "web";
        system.stateVersion = lib.mkDefault "24.11";
      }
    ] ++ modules;
  };
in
rec {
  inherit pkgs;
  configOf = module: (evaluate [ module ]).config;

  # The text of a file of /etc.
  etc = name: module: (configOf module).environment.etc.${name}.text;
  service = name: module: (configOf module).systemd.services.${name};

  # Messages of the assertions that do not hold.
  failures = module: map (a: a.message) (builtins.filter (a: !a.assertion) (configOf module).assertions);

  has = text: part: lib.hasInfix part text;
  lines = text: builtins.filter (line: line != "") (map lib.trim (lib.splitString "\n" text));
  hasLine = text: line: builtins.elem line (lines text);

  ruleset = module: import ../../../nixos/modules/networking/firewall/ruleset.nix {
    inherit lib;
    firewall = (configOf module).networking.firewall;
  };
  # The rules of one chain, in order.
  chain = name: text:
    let
      start = lib.lists.findFirstIndex (line: line == "chain ${name} {") null (lines text);
      rest = lib.drop (start + 1) (lines text);
      take = rules: if rules == [ ] || builtins.head rules == "}" then [ ] else [ (builtins.head rules) ] ++ take (builtins.tail rules);
    in
    if start == null then null else take rest;
}
