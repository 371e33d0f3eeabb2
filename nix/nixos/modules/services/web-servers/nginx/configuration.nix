# services.nginx as the text of nginx.conf: a function of the options, not a module.
#
# Text is built from lines and blocks, so that the file that an administrator looks at is readable.
{ lib, pkgs, cfg, enableIPv6 }:

let
  inherit (lib) concatMap concatStringsSep mapAttrsToList optional optionals optionalString;

  yes = value: if value then "on" else "off";
  directive = name: value: optional (value != null) "${name} ${toString value};";
  # The user's text, line by line, so that it is indented with the rest.
  verbatim = text: if text == "" then [ ] else lib.splitString "\n" (lib.removeSuffix "\n" text);
  block = head: body: [ "${head} {" ] ++ map (line: if line == "" then "" else "  ${line}") body ++ [ "}" ];

  http2Directive = lib.versionAtLeast (cfg.package.version or "1.22") "1.25.1";

  # proxy_set_header is inherited only as long as a location sets none itself: hence a file to include in each.
  proxyHeaders = pkgs.writeText "nginx-proxy-headers.conf" ''
    proxy_set_header Host $host;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $host;
    proxy_set_header X-Forwarded-Server $hostname;
  '';

  fastcgiDefaults = {
    SCRIPT_FILENAME = "$document_root$fastcgi_script_name";
    QUERY_STRING = "$query_string";
    REQUEST_METHOD = "$request_method";
    CONTENT_TYPE = "$content_type";
    CONTENT_LENGTH = "$content_length";
    SCRIPT_NAME = "$fastcgi_script_name";
    REQUEST_URI = "$request_uri";
    DOCUMENT_URI = "$document_uri";
    DOCUMENT_ROOT = "$document_root";
    SERVER_PROTOCOL = "$server_protocol";
    REQUEST_SCHEME = "$scheme";
    HTTPS = "$https if_not_empty";
    GATEWAY_INTERFACE = "CGI/1.1";
    SERVER_SOFTWARE = "nginx/$nginx_version";
    REMOTE_ADDR = "$remote_addr";
    REMOTE_PORT = "$remote_port";
    SERVER_ADDR = "$server_addr";
    SERVER_PORT = "$server_port";
    SERVER_NAME = "$server_name";
    REDIRECT_STATUS = "200";
  };

  basicAuth = zone:
    let
      file =
        if zone.basicAuthFile != null then zone.basicAuthFile
        else pkgs.writeText "htpasswd" (lib.concatStrings (mapAttrsToList (user: password: "${user}:{PLAIN}${password}\n") zone.basicAuth));
    in
    optionals (zone.basicAuthFile != null || zone.basicAuth != { }) [
      "auth_basic secured;"
      "auth_basic_user_file ${file};"
    ];

  location = path: l: block "location ${path}" (
    (
      if l.proxyPass == null then [ ]
      else if cfg.proxyResolveWhileRunning then [ ''set $nix_proxy_target "${l.proxyPass}";'' "proxy_pass $nix_proxy_target;" ]
      else [ "proxy_pass ${l.proxyPass};" ]
    )
    ++ optionals l.proxyWebsockets [
      "proxy_http_version 1.1;"
      "proxy_set_header Upgrade $http_upgrade;"
      "proxy_set_header Connection $connection_upgrade;"
    ]
    ++ directive "uwsgi_pass" l.uwsgiPass
    ++ optionals (l.fastcgiParams != { })
      (mapAttrsToList (name: value: ''fastcgi_param ${name} "${value}";'') (fastcgiDefaults // l.fastcgiParams))
    ++ directive "index" l.index
    ++ directive "try_files" l.tryFiles
    ++ directive "root" l.root
    ++ directive "alias" l.alias
    ++ directive "return" l.return
    ++ verbatim l.extraConfig
    ++ optional (l.proxyPass != null && l.recommendedProxySettings) "include ${proxyHeaders};"
    ++ optional (l.uwsgiPass != null && l.recommendedUwsgiSettings) "include ${pkgs.nginx-common}/etc/nginx/uwsgi_params;"
    ++ basicAuth l
  );

  locations = set:
    concatMap ({ path, value }: location path value)
      (lib.sort (a: b: a.value.priority < b.value.priority) (mapAttrsToList (path: value: { inherit path value; }) set));

  hasSSL = host: host.onlySSL || host.enableSSL || host.addSSL || host.forceSSL;

  listensOf = host:
    let
      plain = address: { addr = address; port = cfg.defaultHTTPListenPort; ssl = false; };
      encrypted = address: { addr = address; port = cfg.defaultSSLListenPort; ssl = true; };
      pair = address:
        optional (hasSSL host || host.rejectSSL) (encrypted address)
        ++ optional (!host.onlySSL && !host.enableSSL) (plain address);
      fromDefault = l:
        if l.ssl == null && l.port == null then map (p: l // { inherit (p) port ssl; }) (pair l.addr)
        else
          let ssl = if l.ssl != null then l.ssl else hasSSL host && l.port == cfg.defaultSSLListenPort;
          in [ (l // { inherit ssl; port = if l.port != null then l.port else if ssl then cfg.defaultSSLListenPort else cfg.defaultHTTPListenPort; }) ];
    in
    if host.listen != [ ] then host.listen
    else if cfg.defaultListen != [ ] then concatMap fromDefault cfg.defaultListen
    else if host.listenAddresses != [ ] then concatMap pair host.listenAddresses
    else concatMap pair cfg.defaultListenAddresses;

  listenLines = host: { addr, port, ssl ? false, proxyProtocol ? false, extraParameters ? [ ], ... }:
    let
      place = if lib.hasPrefix "unix:" addr then addr else "${addr}${optionalString (port != null) ":${toString port}"}";
      words = extra: concatStringsSep " " (
        [ "listen ${place}" ] ++ extra
        ++ optional host.default "default_server" ++ optional host.reuseport "reuseport" ++ optional host.multipath "multipath"
        ++ optional proxyProtocol "proxy_protocol" ++ extraParameters
      ) + ";";
    in
    [ (words (optional ssl "ssl" ++ optional (ssl && host.http2 && !http2Directive) "http2")) ]
    ++ optional (ssl && host.quic) "listen ${place} quic${optionalString host.default " default_server"}${optionalString host.reuseport " reuseport"};";

  # forceSSL: a second server on the unencrypted ports that only redirects.
  redirectServer = name: host:
    block "server" (
      concatMap (l: listenLines (host // { quic = false; }) (l // { ssl = false; })) (
        let without = builtins.filter (l: !(l.ssl or false)) (listensOf host);
        in without
      )
      ++ [ (names name host) ]
      ++ block "location /" [ "return ${toString host.redirectCode} https://$host$request_uri;" ]
    );

  names = name: host:
    "server_name ${concatStringsSep " " ([ (if host.serverName != null then host.serverName else name) ] ++ host.serverAliases)};";

  server = name: host:
    let
      listens = builtins.filter (l: !host.forceSSL || l.ssl or false) (listensOf host);
    in
    optionals host.forceSSL (redirectServer name host)
    ++ block "server" (
      concatMap (listenLines host) listens
      ++ [ (names name host) ]
      ++ optional (hasSSL host && http2Directive && host.http2) "http2 on;"
      ++ optionals host.quic ([ "http3 ${yes host.http3};" ] ++ optional host.http3_hq "http3_hq on;")
      ++ optionals (hasSSL host) (
        [ "ssl_certificate ${host.sslCertificate};" "ssl_certificate_key ${host.sslCertificateKey};" ]
        ++ directive "ssl_trusted_certificate" host.sslTrustedCertificate
        ++ optional host.kTLS "ssl_conf_command Options KTLS;"
      )
      ++ optional host.rejectSSL "ssl_reject_handshake on;"
      ++ directive "root" host.root
      ++ optionals (host.globalRedirect != null) (block "location /" [
        "return ${toString host.redirectCode} http${optionalString (hasSSL host) "s"}://${host.globalRedirect}$request_uri;"
      ])
      ++ basicAuth host
      ++ locations host.locations
      ++ verbatim host.extraConfig
    );

  upstream = name: { servers, extraConfig }:
    let
      parameter = key: value:
        if value == true then " ${key}" else if value == false then "" else " ${key}=${toString value}";
    in
    block "upstream ${name}" (
      mapAttrsToList (address: parameters: "server ${address}${lib.concatStrings (mapAttrsToList parameter parameters)};") servers
      ++ verbatim extraConfig
    );

  status = block "server" (
    [ "listen 127.0.0.1:${toString cfg.defaultHTTPListenPort};" ]
    ++ optional enableIPv6 "listen [::1]:${toString cfg.defaultHTTPListenPort};"
    ++ [ "server_name localhost;" ]
    ++ block "location /nginx_status" (
      [ "stub_status on;" "access_log off;" "allow 127.0.0.1;" ] ++ optional enableIPv6 "allow ::1;" ++ [ "deny all;" ]
    )
  );

  tls = optionals cfg.recommendedTlsSettings [
    "ssl_session_timeout 1d;"
    "ssl_session_cache shared:SSL:10m;"
    "ssl_session_tickets off;"
    # Every cipher of the list is good: let the client take the one that it does in hardware.
    "ssl_prefer_server_ciphers off;"
  ];
  optimisation = optionals cfg.recommendedOptimisation [
    "sendfile on;" "tcp_nopush on;" "tcp_nodelay on;" "keepalive_timeout 65;"
  ];
  compressed = "application/atom+xml application/geo+json application/javascript application/json application/ld+json application/manifest+json application/rdf+xml application/rss+xml application/vnd.ms-fontobject application/wasm application/x-javascript application/xhtml+xml application/xml font/eot font/otf font/ttf image/bmp image/svg+xml text/cache-manifest text/calendar text/css text/javascript text/markdown text/plain text/vcard text/xml";
  gzip = optionals cfg.recommendedGzipSettings [
    "gzip on;" "gzip_static on;" "gzip_vary on;" "gzip_comp_level 5;" "gzip_min_length 256;" "gzip_proxied any;" "gzip_types ${compressed};"
  ];
  brotli = optionals cfg.recommendedBrotliSettings [
    "brotli on;" "brotli_static on;" "brotli_comp_level 5;" "brotli_window 512k;" "brotli_min_length 256;" "brotli_types ${compressed};"
  ];
  proxying = optionals cfg.recommendedProxySettings [
    "proxy_redirect off;"
    "proxy_connect_timeout ${cfg.proxyTimeout};"
    "proxy_send_timeout ${cfg.proxyTimeout};"
    "proxy_read_timeout ${cfg.proxyTimeout};"
    "proxy_http_version 1.1;"
    # A backend must not be told to close the connection because the client wants to.
    ''proxy_set_header "Connection" "";''
    "include ${proxyHeaders};"
  ];

  resolver = optional (cfg.resolver.addresses != [ ]) (
    "resolver ${toString cfg.resolver.addresses}"
    + optionalString (cfg.resolver.valid != "") " valid=${cfg.resolver.valid}"
    + optionalString (!cfg.resolver.ipv4) " ipv4=off" + optionalString (!cfg.resolver.ipv6) " ipv6=off" + ";"
  );

  caches = lib.concatLists (mapAttrsToList (name: cache: optional cache.enable (
    "proxy_cache_path /var/cache/nginx/${name} keys_zone=${cache.keysZoneName}:${cache.keysZoneSize} levels=${cache.levels}"
    + " use_temp_path=${yes cache.useTempPath} inactive=${cache.inactive} max_size=${cache.maxSize};"
  )) cfg.proxyCachePath);

  http = block "http" (
    verbatim cfg.commonHttpConfig
    ++ [ "include ${cfg.defaultMimeTypes};" "default_type application/octet-stream;" ]
    ++ directive "map_hash_bucket_size" cfg.mapHashBucketSize
    ++ directive "map_hash_max_size" cfg.mapHashMaxSize
    ++ directive "server_names_hash_bucket_size" cfg.serverNamesHashBucketSize
    ++ directive "server_names_hash_max_size" cfg.serverNamesHashMaxSize
    ++ directive "types_hash_max_size" cfg.typesHashMaxSize
    ++ resolver
    ++ concatMap (x: x) (mapAttrsToList upstream cfg.upstreams)
    ++ optimisation
    ++ [ "ssl_protocols ${cfg.sslProtocols};" ]
    ++ directive "ssl_ciphers" cfg.sslCiphers
    ++ directive "ssl_dhparam" cfg.sslDhparam
    ++ tls ++ gzip ++ brotli ++ proxying
    ++ block "map $http_upgrade $connection_upgrade" [ "default upgrade;" "'' close;" ]
    ++ [ "client_max_body_size ${cfg.clientMaxBodySize};" "server_tokens ${yes cfg.serverTokens};" ]
    ++ caches
    ++ optionals cfg.statusPage status
    ++ concatMap (x: x) (mapAttrsToList server cfg.virtualHosts)
    ++ verbatim cfg.appendHttpConfig
  );

  process = [
    "pid /run/nginx/nginx.pid;"
    "error_log ${cfg.logError};"
    "daemon off;"
  ];

  # Modules of the archive bring a line that loads them.
  modules =
    cfg.additionalModules
    ++ optional (cfg.streamConfig != "") pkgs.libnginx-mod-stream
    ++ optionals cfg.recommendedBrotliSettings [ pkgs.libnginx-mod-http-brotli-filter pkgs.libnginx-mod-http-brotli-static ];
  loads = map (package: "include ${package}/usr/share/nginx/modules-available/*.conf;") modules;

  body =
    if cfg.config != "" then verbatim cfg.config
    else
      block "events" (verbatim cfg.eventsConfig)
      ++ (if cfg.httpConfig != "" then
        block "http" (
          verbatim cfg.commonHttpConfig
          ++ [ "include ${cfg.defaultMimeTypes};" "default_type application/octet-stream;" ]
          ++ verbatim cfg.httpConfig
        )
      else http)
      ++ optionals (cfg.streamConfig != "") (block "stream" (verbatim cfg.streamConfig));
in
concatStringsSep "\n" (loads ++ process ++ verbatim cfg.prependConfig ++ body ++ verbatim cfg.appendConfig) + "\n"
