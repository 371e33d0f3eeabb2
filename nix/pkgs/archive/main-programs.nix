# Programs whose name is not their package's: what `lib.getExe` is to find.
# Package of the archive -> program in its bin.
{
  bat = "batcat";
  bind9-dnsutils = "dig";
  cargo = "cargo";
  coreutils = "ls";
  default-jre-headless = "java";
  docker-cli = "docker";
  "docker.io" = "docker";
  fd-find = "fdfind";
  golang-go = "go";
  imagemagick = "convert";
  inetutils-telnet = "telnet";
  iproute2 = "ip";
  iputils-ping = "ping";
  mariadb-client = "mariadb";
  mariadb-server = "mariadbd";
  ncat = "ncat";
  netcat-openbsd = "nc.openbsd";
  netcat-traditional = "nc.traditional";
  nftables = "nft";
  nodejs = "node";
  openjdk-17-jre-headless = "java";
  openssh-client = "ssh";
  openssh-server = "sshd";
  postgresql-15 = "postgres";
  postgresql-client-15 = "psql";
  procps = "ps";
  python3-minimal = "python3";
  redis-server = "redis-server";
  ripgrep = "rg";
  rust-analyzer = "rust-analyzer";
  silversearcher-ag = "ag";
  systemd = "systemctl";
  util-linux = "lsblk";
  vim-gtk3 = "vim";
  vim-nox = "vim";
  vim-tiny = "vim.tiny";
  xz-utils = "xz";
}
