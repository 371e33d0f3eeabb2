# One PAM service as the text of its file: a pure function from options to lines.
#
# Modules are named without a directory: libpam looks in the directory of the archive's modules. A dash before the
# type makes libpam skip a module that is not installed without a word.
{ lib, limitsFile, motdFile, makeHomeDir, isContainer }:

service:

let
  inherit (lib) concatMapStrings optional optionals optionalString;

  rule = name: control: modulePath: args: { inherit name control modulePath args; };
  when = condition: optional condition;

  builtinRules = {
    auth =
      when service.rootOK (rule "rootok" "sufficient" "pam_rootok.so" [ ])
      ++ when service.requireWheel (rule "wheel" "required" "pam_wheel.so" [ "use_uid" "group=wheel" ])
      ++ when service.failDelay.enable
        (rule "faildelay" "optional" "pam_faildelay.so" [ "delay=${toString service.failDelay.delay}" ])
      ++ when service.unixAuth (rule "unix" "sufficient" "pam_unix.so" (
        optional service.allowNullPassword "nullok" ++ optional service.nodelay "nodelay"
        ++ [ "likeauth" "try_first_pass" ]
      ))
      ++ [ (rule "deny" "required" "pam_deny.so" [ ]) ];

    account = [ (rule "unix" "required" "pam_unix.so" [ ]) ];

    password = [ (rule "unix" "sufficient" "pam_unix.so" [ "nullok" "yescrypt" ]) ];

    session =
      when service.setEnvironment (rule "env" "required" "pam_env.so" [ "conffile=/etc/pam/environment" "readenv=0" ])
      ++ [ (rule "unix" "required" "pam_unix.so" [ ]) ]
      # The audit uid cannot be set inside a user namespace.
      ++ when service.setLoginUid (rule "loginuid" (if isContainer then "optional" else "required") "pam_loginuid.so" [ ])
      ++ when service.makeHomeDir (rule "mkhomedir" "required" "pam_mkhomedir.so" [
        "silent" "skel=${makeHomeDir.skelDirectory}" "umask=${makeHomeDir.umask}"
      ])
      ++ when service.updateWtmp (rule "lastlog" "optional" "pam_lastlog.so" [ "silent" ])
      ++ when service.startSession (rule "systemd" "optional" "pam_systemd.so" [ ])
      ++ when (service.limits != [ ]) (rule "limits" "required" "pam_limits.so" [ "conf=${limitsFile service.limits}" ])
      ++ when (service.showMotd && motdFile != null) (rule "motd" "optional" "pam_motd.so" [ "motd=${motdFile}" "noupdate" ]);
  };

  settingWords = settings: lib.concatLists (lib.mapAttrsToList (name: value:
    if value == null || value == false then [ ] else if value == true then [ name ] else [ "${name}=${toString value}" ]
  ) settings);

  # The user's fields win over a built-in rule's; a rule of a new name must say its control and module.
  withUserRules = type: rules:
    let
      own = service.rules.${type};
      ordered = lib.imap0 (index: r: r // { order = 10000 + 100 * index; }) rules;
      known = map (r: r.name) rules;
      get = name: field: fallback:
        let value = own.${name}.${field};
        in if value != null then value else if fallback != null then fallback
        else throw "security.pam.services.${service.name}.rules.${type}.${name}.${field} is not set, and there is no built-in rule of that name";
      apply = r:
        if !(own ? ${r.name}) then r // { enable = true; }
        else {
          inherit (r) name;
          enable = get r.name "enable" true;
          order = get r.name "order" r.order;
          control = get r.name "control" r.control;
          modulePath = get r.name "modulePath" r.modulePath;
          args = r.args ++ settingWords own.${r.name}.settings ++ own.${r.name}.args;
        };
      new = name: {
        inherit name;
        enable = get name "enable" true;
        order = get name "order" 15000;
        control = get name "control" null;
        modulePath = get name "modulePath" null;
        args = settingWords own.${name}.settings ++ own.${name}.args;
      };
    in
    if own == { } then rules
    else
      lib.sort (a: b: a.order < b.order) (
        builtins.filter (r: r.enable)
          (map apply ordered ++ map new (lib.subtractLists known (builtins.attrNames own)))
      );

  # An argument with blanks or brackets has to stand in brackets.
  argument = text: if builtins.match ".*[] \t[].*" text == null then text else "[${lib.replaceStrings [ "]" ] [ "\\]" ] text}]";

  line = type: { control, modulePath, args, ... }:
    "${optionalString (modulePath == "pam_systemd.so") "-"}${type} ${control} ${modulePath}"
    + concatMapStrings (arg: " ${argument arg}") args + "\n";

  section = type: concatMapStrings (line type) (withUserRules type builtinRules.${type});
in
if service.text != null then service.text
else section "auth" + section "account" + section "password" + section "session"
