# Services of NixOS that have no module here: switching them off is accepted, switching them on says what to do.
#
# Only names that profiles and shared configurations switch off habitually, and servers that many know and Debian does not
# have; any other unknown option is an error of its own. A service that gets a module leaves this list.
{ config, lib, ... }:

let
  inherit (lib) attrByPath concatStringsSep mkOption setAttrByPath types;

  names = map (lib.splitString ".") [
    "security.chromiumSuidSandbox"
    "security.rngd"
    "services.adguardhome"
    "services.audiobookshelf"
    "services.authelia"
    "services.bazarr"
    "services.bcache"
    "services.blueman"
    "services.cachefilesd"
    "services.code-server"
    "services.couchdb"
    "services.discourse"
    "services.elasticsearch"
    "services.flatpak"
    "services.forgejo"
    "services.freshrss"
    "services.frigate"
    "services.geoclue2"
    "services.gitea"
    "services.gitlab"
    "services.gitlab-runner"
    "services.gnome"
    "services.grafana"
    "services.gvfs"
    "services.haveged"
    "services.headscale"
    "services.home-assistant"
    "services.immich"
    "services.invidious"
    "services.irqbalance"
    "services.jackett"
    "services.jellyfin"
    "services.jellyseerr"
    "services.jenkins"
    "services.k3s"
    "services.keycloak"
    "services.kmscon"
    "services.libinput"
    "services.lidarr"
    "services.mastodon"
    "services.matrix-synapse"
    "services.mattermost"
    "services.meilisearch"
    "services.miniflux"
    "services.minio"
    "services.mongodb"
    "services.n8n"
    "services.navidrome"
    "services.netbird"
    "services.nextcloud"
    "services.node-red"
    "services.ollama"
    "services.open-webui"
    "services.opensearch"
    "services.packagekit"
    "services.paperless"
    "services.peertube"
    "services.photoprism"
    "services.plex"
    "services.power-profiles-daemon"
    "services.prowlarr"
    "services.radarr"
    "services.sonarr"
    "services.speechd"
    "services.tailscale"
    "services.telegraf"
    "services.traefik"
    "services.udisks2"
    "services.uptime-kuma"
    "services.userdbd"
    "services.vault"
    "services.vaultwarden"
    "services.vikunja"
    "services.xrdp"
    "services.zigbee2mqtt"
  ];

  option = mkOption {
    type = types.lazyAttrsOf types.anything;
    default = { };
    apply = value: { enable = false; } // value;
    description = "Not available here; may be switched off.";
  };
in
{
  options = lib.foldl' (all: name: lib.recursiveUpdate all (setAttrByPath name option)) { } names;

  config.assertions = map (name: {
    assertion = (attrByPath name { } config).enable != true;
    message = ''
      ${concatStringsSep "." name}.enable is set, but this service has no module for the archive's packages.
      Write it with systemd.services and environment.systemPackages, or evaluate this container with nixpkgs
      (containers.<name>.nixpkgs).
    '';
  }) names;
}
