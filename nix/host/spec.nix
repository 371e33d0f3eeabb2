# One container's options as plain data for the JSON spec. Every field here has its counterpart in the
# declare room (src/nixos_containers/declare); the decoder names a field that does not fit. `shared` is networking.containers.
{
  lib,
  shared,
  services ? { },
}:

name: container:

let
  has = container.path != null || container.flake != null;
  system = container.evaluate null;
  plain = builtins.unsafeDiscardStringContext;

  nothingSaid = {
    serviceConfig = { };
    unitConfig = { };
    unitOther = [ ];
  };
  unit =
    if services ? "container@${name}" then import ./unit.nix { inherit lib; } services."container@${name}" else nothingSaid;

  # A path that Nix still has to make says so by its context: as a derivation, or as a string made from one.
  pathDrv =
    let
      context = builtins.getContext "${container.path}";
      made = lib.filter (drv: lib.hasSuffix ".drv" drv && context.${drv} ? outputs) (lib.attrNames context);
    in
    if builtins.isPath container.path || made == [ ] then null else plain (lib.head made);

  check =
    if container.path != null && container.flake != null then
      throw "The options 'containers.${name}.path' and 'containers.${name}.flake' cannot both be set."
    else if lib.hasInfix "_" name then
      throw "Names containing underscores are not allowed in nixos-containers. Please rename the container '${name}'"
    else if builtins.match "[a-zA-Z0-9-]{1,64}" name == null || lib.hasPrefix "-" name then
      throw "containers.${lib.strings.escapeNixIdentifier name}: invalid container name: letters, digits and - (at most 64 characters)"
    else if container.networkNamespace != null && (container.privateNetwork || container.interfaces != [ ]) then
      throw "containers.${name}.networkNamespace is mutually exclusive to containers.${name}.privateNetwork and containers.${name}.interfaces."
    else if !container.privateNetwork && container.hostFirewall.allowedTCPPorts ++ container.hostFirewall.allowedUDPPorts != [ ] then
      throw "containers.${name}.hostFirewall: on the host's network the container reaches every port of the host. Set containers.${name}.privateNetwork = true, or take the ports away."
    else if container.nixDaemon && container.nixStore != "shared" then
      throw "containers.${name}.nixDaemon needs the whole store: what it builds is not part of the container's closure. Leave nixStore alone, or set it to \"shared\"."
    else if badCredentials != [ ] then
      throw "containers.${name}.credentials.${lib.head badCredentials}: set exactly one of file, command and encrypted; a name is letters, digits, `.`, `_` and `-`."
    else if badNodes != [ ] then
      throw "containers.${name}.devices.\"${lib.head badNodes}\": a device is named by its absolute path below /dev."
    else
      x: x;

  badCredentials = lib.filter (
    id:
    let
      it = container.credentials.${id};
    in
    lib.count (source: source != null) [
      it.file
      it.command
      it.encrypted
    ] != 1
    || builtins.match "[A-Za-z0-9_.-]+" id == null
    || lib.any (source: source != null && lib.hasPrefix builtins.storeDir source) [
      it.file
      it.encrypted
    ]
  ) (lib.attrNames container.credentials);
  badNodes = lib.filter (node: builtins.match "/dev/.+" node == null || lib.hasInfix "/.." node) (lib.attrNames container.devices);

  pairOf = pair: {
    inherit (pair)
      hostBridge
      hostAddress
      hostAddress6
      localAddress
      localAddress6
      localMacAddress
      forwardPorts
      mtu
      ;
  };

  sharedNetwork =
    network:
    let
      declared =
        shared.networks.${network} or (throw
          "containers.${name}.networks: there is no network ‘${network}’; declare it: networking.containers.networks.${network} = { };"
        );
    in
    {
      name = network;
      inherit (declared) subnet subnet6 isolated nat dhcp dns mtu;
      pool = shared.networkPool;
      pool6 = shared.networkPool6;
    };

  # The seed's way to limit a container from within its own definition: the slice named `container`. A guest
  # cannot limit itself from inside on every kind of cgroup, so the host applies it to the whole container.
  slice = system.config.systemd.slices.container.sliceConfig or { };
in
check {
  inherit name;
  inherit (shared) hosts passFirewalls;
  inherit (container)
    autoStart
    restartIfChanged
    activation
    after
    before
    requires
    wants
    ephemeral
    copyResolvConf
    additionalCapabilities
    allowedDevices
    extraFlags
    tmpfs
    persistentPaths
    keepJournal
    volumes
    enableTun
    flake
    flakeOptions
    limits
    nixStore
    nixDaemon
    dropCapabilities
    noNewPrivileges
    systemCallFilter
    devices
    credentials
    ;
  inherit (unit) serviceConfig unitConfig unitOther;
  # What is said about the unit itself goes before the option.
  timeoutStart = lib.last ([ (toString container.timeoutStartSec) ] ++ unit.serviceConfig.TimeoutStartSec or [ ]);
  privateUsers = if container.privateUsers == null then null else toString container.privateUsers;
  image = container.image // {
    config = builtins.fromJSON (plain (builtins.toJSON (lib.filterAttrs (_: value: value != null) container.image.config)));
  };
  healthChecks = lib.mapAttrs (
    _: check:
    check
    // {
      interval = toString check.interval;
      timeout = toString check.timeout;
      startPeriod = toString check.startPeriod;
    }
  ) container.healthChecks;
  universe =
    if container.path != null then
      "path"
    else if container.flake != null then
      "flake"
    else if container.nixpkgs != null then
      "nixpkgs"
    else
      "embedded";
  nixpkgs = if container.nixpkgs == null then null else plain (toString container.nixpkgs);
  nixpkgsRelease =
    if container.nixpkgs == null || has then
      null
    else
      (import ./nixpkgs.nix { inherit lib; }).release "containers.${name}.nixpkgs" container.nixpkgs;
  system =
    if has then
      {
        path = if container.path == null then null else plain (toString container.path);
        drv = if container.path == null then null else pathDrv;
        label = null;
        warnings = [ ];
      }
    else
      {
        path = plain system.config.system.build.toplevel.outPath;
        drv = plain system.config.system.build.toplevel.drvPath;
        # Called otherwise before 16.09.
        label = system.config.system.nixos.label or system.config.system.nixosLabel or null;
        warnings = system.config.warnings or [ ];
      };
  sliceLimits = if has then { } else lib.mapAttrs (_: toString) (lib.filterAttrs (_: v: v != null && !lib.isList v) slice);
  binds = lib.mapAttrsToList (_: bind: {
    inherit (bind)
      mountPoint
      hostPath
      isReadOnly
      create
      recursive
      idmap
      ;
  }) container.bindMounts;
  overlays = lib.mapAttrsToList (mountPoint: overlay: { inherit mountPoint; inherit (overlay) lower upper; }) container.overlays;
  network = pairOf container // {
    private = container.privateNetwork;
    extraVeths = lib.mapAttrs (_: pairOf) container.extraVeths;
    inherit (container)
      interfaces
      macvlans
      networkNamespace
      nat
      automaticAddresses
      antiSpoofing
      allowedSources
      ;
    networks = map (membership: {
      inherit (membership) address address6;
      network = sharedNetwork membership.name;
    }) container.networks;
    hostFirewall = {
      enable =
        if container.hostFirewall.enable != null then
          container.hostFirewall.enable
        else if shared.hostFirewall.enable then
          null
        else
          false;
      tcpPorts = lib.unique (shared.hostFirewall.allowedTCPPorts ++ container.hostFirewall.allowedTCPPorts);
      udpPorts = lib.unique (shared.hostFirewall.allowedUDPPorts ++ container.hostFirewall.allowedUDPPorts);
    };
  };
}
