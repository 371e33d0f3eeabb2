# nixpkgs' packages that are several in the archive, or whose programs have
# other names there. `packages`: the first must exist, the others are taken
# where they do. `programs`: extra name = name in one of the packages. `links`:
# extra name at the top = a place in the tree.
let
  nginx = {
    name = "nginx";
    packages = [
      "nginx"
      "nginx-common"
    ];
    # mime.types, fastcgi.conf and so on.
    links.conf = "etc/nginx";
  };
in
{
  inherit nginx;
  nginxStable = nginx;
  nginxMainline = nginx;
  openssh = {
    packages = [
      "openssh-client"
      "openssh-server"
      "openssh-sftp-server"
    ];
    mainProgram = "ssh";
  };
  openssh_hpn.packages = [
    "openssh-client"
    "openssh-server"
    "openssh-sftp-server"
  ];
  dbus.packages = [
    "dbus"
    "dbus-bin"
    "dbus-daemon"
    "dbus-system-bus-common"
    "dbus-session-bus-common"
  ];
  shadow = {
    packages = [
      "passwd"
      "login"
    ];
    mainProgram = "login";
  };
  su = {
    packages = [ "util-linux" ];
    mainProgram = "su";
  };
  util-linux = {
    packages = [
      "util-linux"
      "mount"
      "bsdutils"
      "bsdextrautils"
      "fdisk"
    ];
    mainProgram = "lsblk";
  };
  glibc = {
    packages = [
      "libc6"
      "libc-bin"
    ];
    mainProgram = "ldd";
  };
  procps = {
    packages = [
      "procps"
      "sysvinit-utils"
    ];
    mainProgram = "ps";
  };
  iputils = {
    packages = [
      "iputils-ping"
      "iputils-tracepath"
      "iputils-arping"
      "iputils-clockdiff"
    ];
    mainProgram = "ping";
  };
  inetutils = {
    packages = [
      "inetutils-telnet"
      "inetutils-ftp"
      "inetutils-traceroute"
      "inetutils-ping"
      "hostname"
    ];
    mainProgram = "telnet";
  };
  unixtools = {
    packages = [
      "procps"
      "hostname"
      "net-tools"
    ];
    mainProgram = "ps";
  };
  gnupg = {
    packages = [
      "gpg"
      "gpg-agent"
      "gpgconf"
      "gpgsm"
      "gnupg-utils"
      "dirmngr"
    ];
    mainProgram = "gpg";
  };
  fd = {
    packages = [ "fd-find" ];
    programs.fd = "fdfind";
  };
  bat = {
    packages = [ "bat" ];
    programs.bat = "batcat";
  };
  yq-go = {
    packages = [ "yq" ];
    mainProgram = "yq";
  };
  delta = {
    packages = [ "git-delta" ];
    mainProgram = "delta";
  };
  docker = {
    packages = [
      "docker.io"
      "docker-cli"
      "containerd"
      "runc"
    ];
    mainProgram = "docker";
  };
  etcd_3_5 = {
    packages = [
      "etcd-server"
      "etcd-client"
    ];
    mainProgram = "etcd";
  };
  mariadb = {
    packages = [
      "mariadb-server"
      "mariadb-server-core"
      "mariadb-client"
      "mariadb-client-core"
      "mariadb-common"
    ];
    mainProgram = "mariadbd";
  };
  mysql = {
    packages = [
      "mariadb-server"
      "mariadb-server-core"
      "mariadb-client"
      "mariadb-client-core"
    ];
    mainProgram = "mariadbd";
  };
  mariadb-client = {
    packages = [
      "mariadb-client"
      "mariadb-client-core"
    ];
    mainProgram = "mariadb";
  };
  redis = {
    packages = [
      "redis-server"
      "redis-tools"
    ];
    mainProgram = "redis-server";
  };
  valkey = {
    packages = [
      "valkey-server"
      "valkey-tools"
    ];
    mainProgram = "valkey-server";
  };
  samba = {
    packages = [
      "samba"
      "samba-common-bin"
      "smbclient"
      "winbind"
    ];
    mainProgram = "smbd";
  };
  mosquitto = {
    packages = [
      "mosquitto"
      "mosquitto-clients"
    ];
    mainProgram = "mosquitto";
  };
  neovim = {
    packages = [
      "neovim"
      "neovim-runtime"
    ];
    mainProgram = "nvim";
  };
  git = {
    packages = [
      "git"
      "git-man"
    ];
    mainProgram = "git";
  };
  stdenv-cc = {
    packages = [
      "gcc"
      "g++"
      "binutils"
      "make"
      "libc6-dev"
    ];
    mainProgram = "gcc";
  };
  gcc = {
    packages = [
      "gcc"
      "g++"
      "cpp"
      "binutils"
      "libc6-dev"
    ];
    mainProgram = "gcc";
  };
  clang = {
    packages = [
      "clang"
      "libc6-dev"
    ];
    mainProgram = "clang";
  };
  nodejs-slim = {
    packages = [ "nodejs" ];
    mainProgram = "node";
  };
  jellyfin-ffmpeg.packages = [ "ffmpeg" ];
}
