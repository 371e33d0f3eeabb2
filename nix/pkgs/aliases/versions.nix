# nixpkgs' name = the archive's candidates, the best first; the release decides.
let
  # prefix, versions, suffix
  each = prefix: suffix: map (version: "${prefix}${version}${suffix}");
  javas = [ "25" "21" "17" "11" ];
in
{
  firefox = [
    "firefox-esr"
    "firefox"
  ];
  ntfy-client = [ "ntfy" ];
  jre = each "openjdk-" "-jre" javas;
  jre_headless = each "openjdk-" "-jre-headless" javas;
  jre8 = [ "openjdk-8-jre" ];
  jdk = each "openjdk-" "-jdk" javas;
  jdk_headless = each "openjdk-" "-jdk-headless" javas;
  jdk11 = [ "openjdk-11-jdk" ];
  jdk17 = [ "openjdk-17-jdk" ];
  jdk17_headless = [ "openjdk-17-jdk-headless" ];
  jdk21 = [ "openjdk-21-jdk" ];
  jdk21_headless = [ "openjdk-21-jdk-headless" ];
  temurin-bin = each "openjdk-" "-jdk" javas;
  temurin-jre-bin = each "openjdk-" "-jre" javas;
  lua = each "lua" "" [ "5.4" "5.3" ];
  lua5_1 = [ "lua5.1" ];
  lua5_2 = [ "lua5.2" ];
  lua5_3 = [ "lua5.3" ];
  lua5_4 = [ "lua5.4" ];
  llvm = [ "llvm" ];
  gcc11 = [ "gcc-11" ];
  gcc12 = [ "gcc-12" ];
  gcc13 = [ "gcc-13" ];
  gcc14 = [ "gcc-14" ];
  linux_headers = [ "linux-libc-dev" ];
  linuxHeaders = [ "linux-libc-dev" ];
  tomcat = [
    "tomcat11"
    "tomcat10"
    "tomcat9"
  ];
  tomcat9 = [ "tomcat9" ];
  tomcat10 = [ "tomcat10" ];
  solr = [ "solr-tomcat" ];
  icu = each "libicu" "" [ "76" "74" "72" ];
  jemalloc = [ "libjemalloc2" ];
  sqlite-libs = [ "libsqlite3-0" ];
}
