# Interpreters, and the sets of libraries that belong to them: python3Packages,
# perlPackages and so on, and `withPackages`.
#
# A library of the archive is found by its interpreter in the system's /usr, so
# that `withPackages` is a way to ask for packages together, not a tree apart.
# Not for: single programs (names.nix, joined.nix).
{
  lib,
  names,
  final,
}:
let
  inherit (builtins)
    attrNames
    filter
    stringLength
    substring
    ;

  has = name: names ? ${name};

  # Every package with this start (and end) under the rest of its name. Looks
  # at all names, so only when the set is used.
  family =
    prefix: suffix:
    let
      start = stringLength prefix;
      cut = name: substring start (stringLength name - start - stringLength suffix) name;
    in
    lib.listToAttrs (
      map (name: lib.nameValuePair (cut name) names.${name}) (
        filter (name: lib.hasPrefix prefix name && lib.hasSuffix suffix name && stringLength name > start + stringLength suffix) (
          attrNames names
        )
      )
    );

  # Names in nixpkgs use underscores where the archive has dashes.
  withUnderscores =
    set:
    set
    // lib.mapAttrs' (name: package: lib.nameValuePair (lib.replaceStrings [ "-" "." ] [ "_" "_" ] name) package) (
      lib.filterAttrs (name: _: lib.hasInfix "-" name || lib.hasInfix "." name) set
    );

  withPackagesOf =
    interpreter: set: choose:
    final.joinArchive {
      name = interpreter.pname;
      packages = interpreter.packages ++ lib.flatten (map members (choose set));
      inherit (interpreter.meta) mainProgram;
    };

  members = package: package.packages or [ package ];

  interpreterOf =
    {
      name,
      packages,
      mainProgram,
      set,
      extra ? (_: { }),
    }:
    let
      joined = final.joinArchive {
        inherit name mainProgram;
        packages = map (package: names.${package}) (filter has packages);
      };
      self =
        joined
        // {
          pkgs = set;
          withPackages = withPackagesOf self set;
        }
        // extra self;
    in
    self;

  python3Packages =
    withUnderscores (family "python3-" "")
    // {
      python = python3;
      inherit (final) callPackage;
    };

  pythonVersion = lib.versions.majorMinor names.python3.version;
  python3 = interpreterOf {
    name = "python3";
    mainProgram = "python3";
    packages = [
      "python3"
      "python3-minimal"
      "python${pythonVersion}"
      "python${pythonVersion}-minimal"
    ];
    set = python3Packages;
    extra = self: {
      inherit pythonVersion;
      interpreter = "${self}/bin/python3";
      executable = "python3";
      libPrefix = "python${pythonVersion}";
      sitePackages = "lib/python3/dist-packages";
      isPy3 = true;
    };
  };

  perlPackages =
    let
      libraries = family "lib" "-perl";
      # libdbd-pg-perl is DBDPg in nixpkgs; dashes and case are all that differs.
    in
    libraries // lib.mapAttrs' (name: package: lib.nameValuePair (lib.replaceStrings [ "-" ] [ "" ] name) package) libraries;

  rubyPackages = withUnderscores (family "ruby-" "");
  nodePackages = withUnderscores (family "node-" "");
  haskellPackages = family "libghc-" "-dev";
  luaPackages = withUnderscores (family "lua-" "");

  phpVersion = lib.findFirst (version: has "php${version}-cli") null [
    "8.4"
    "8.3"
    "8.2"
    "8.1"
    "8.0"
    "7.4"
  ];
  phpExtensions = family "php${phpVersion}-" "" // family "php-" "";
  php = interpreterOf {
    name = "php";
    mainProgram = "php";
    packages = map (part: "php${phpVersion}-${part}") [
      "cli"
      "common"
      "fpm"
      "opcache"
      "readline"
    ];
    set = phpExtensions;
    extra = self: {
      extensions = phpExtensions;
      withExtensions =
        choose:
        withPackagesOf self phpExtensions (
          all:
          choose {
            enabled = [ ];
            inherit all;
          }
        );
      buildEnv =
        {
          extensions ? ({ enabled, ... }: enabled),
          extraConfig ? "",
        }:
        self.withExtensions extensions // { phpIni = extraConfig; };
    };
  };

  postgresVersions = [
    "18"
    "17"
    "16"
    "15"
    "14"
    "13"
  ];
  postgresVersion = lib.findFirst (version: has "postgresql-${version}") null postgresVersions;
  # pkgs.postgresqlPackages.cron is the archive's postgresql-15-cron.
  # nixpkgs says pg_cron and postgis where the archive says cron and postgis-3.
  postgresqlPackages =
    version:
    let
      own = withUnderscores (family "postgresql-${version}-" "");
    in
    lib.mapAttrs' (name: lib.nameValuePair "pg_${name}") own
    // lib.optionalAttrs (own ? postgis_3) { postgis = own.postgis_3; }
    // own;
  # The server looks for extensions beside its own file, links resolved: with extensions, it is a copy among them.
  postgresql =
    version:
    let
      pkgs = postgresqlPackages version;
      own = map (package: names.${package}) (
        filter has [
          "postgresql-${version}"
          "postgresql-client-${version}"
          "postgresql-client-common"
        ]
      );
      directory = "usr/lib/postgresql/${version}/bin";
      join =
        extensions:
        final.joinArchive {
          name = "postgresql";
          mainProgram = "postgres";
          directories = [ directory ];
          packages = own ++ extensions;
          copies = lib.optional (extensions != [ ]) "${directory}/postgres";
        }
        // {
          inherit pkgs;
          psqlSchema = version;
          withPackages = choose: join (lib.flatten (map members (choose pkgs)));
        };
    in
    join [ ];
in
lib.optionalAttrs (has "python3") {
  inherit python3 python3Packages;
  python = python3;
  python3Full = python3;
  python3Minimal = names.python3-minimal;
  pythonPackages = python3Packages;
  ${"python${lib.replaceStrings [ "." ] [ "" ] pythonVersion}"} = python3;
  ${"python${lib.replaceStrings [ "." ] [ "" ] pythonVersion}Packages"} = python3Packages;
}
// lib.optionalAttrs (has "perl") {
  inherit perlPackages;
  perl5Packages = perlPackages;
  perl = interpreterOf {
    name = "perl";
    mainProgram = "perl";
    packages = [
      "perl"
      "perl-base"
    ];
    set = perlPackages;
    extra = self: { interpreter = "${self}/bin/perl"; };
  };
}
// lib.optionalAttrs (has "ruby") {
  inherit rubyPackages;
  ruby = interpreterOf {
    name = "ruby";
    mainProgram = "ruby";
    packages = [
      "ruby"
      "ruby-rubygems"
    ];
    set = rubyPackages;
  };
}
// lib.optionalAttrs (has "nodejs") { inherit nodePackages; }
// lib.optionalAttrs (has "ghc") { inherit haskellPackages; }
// lib.optionalAttrs (has "lua5.4") { inherit luaPackages; }
// lib.optionalAttrs (phpVersion != null) {
  inherit php phpExtensions;
  ${"php${lib.replaceStrings [ "." ] [ "" ] phpVersion}"} = php;
}
// lib.optionalAttrs (postgresVersion != null) {
  postgresqlPackages = postgresqlPackages postgresVersion;
  postgresql = final.${"postgresql_${postgresVersion}"};
}
// lib.listToAttrs (
  map (version: lib.nameValuePair "postgresql_${version}" (postgresql version)) (
    filter (version: has "postgresql-${version}") postgresVersions
  )
)
