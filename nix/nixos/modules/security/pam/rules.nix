# The rules of one PAM service, and their text: pure functions, not a module.
#
# Modules are named without a directory: libpam looks in the directory of the archive's modules. A dash before the
# type makes libpam skip a module that is not installed without a word.
{ lib, limitsFile, motdFile, makeHomeDir, isContainer }:

let
  inherit (lib) concatMapStrings imap0 optional;

  rule = name: control: modulePath: args: { inherit name control modulePath args; };
  when = condition: optional condition;

  # What the switches of a service mean, in order.
  builtinRules = service: {
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

  # An argument with blanks or brackets has to stand in brackets.
  argument = text: if builtins.match ".*[] \t[].*" text == null then text else "[${lib.replaceStrings [ "]" ] [ "\\]" ] text}]";

  line = type: { control, modulePath, args, ... }:
    "${lib.optionalString (modulePath == "pam_systemd.so") "-"}${type} ${control} ${modulePath}"
    + concatMapStrings (arg: " ${argument arg}") args + "\n";

  section = service: type:
    concatMapStrings (line type) (lib.sort (a: b: a.order < b.order) (
      builtins.filter (r: r.enable) (builtins.attrValues service.rules.${type})
    ));
in
{
  # Built-in rules with what the user says about them laid over, and the user's own: what `rules` evaluates to. So
  # the place of a rule can be given relative to another's (config....rules.auth.unix.order + 10).
  merge = service: type: own:
    let
      known = builtins.listToAttrs (imap0 (index: r: {
        inherit (r) name;
        value = r // { order = 10000 + 100 * index; enable = true; };
      }) (builtinRules service).${type});

      missing = name: field:
        throw "security.pam.services.${service.name}.rules.${type}.${name}.${field} is not set, and there is no built-in rule of that name";
      laid = name: user:
        let
          base = known.${name} or { enable = true; order = 15000; args = [ ]; };
          get = field: if user.${field} != null then user.${field} else base.${field} or (missing name field);
        in
        {
          inherit name;
          enable = get "enable";
          order = get "order";
          control = get "control";
          modulePath = get "modulePath";
          args = base.args ++ settingWords user.settings ++ user.args;
        };
    in
    known // builtins.mapAttrs laid own;

  text = service:
    if service.text != null then service.text
    else section service "auth" + section service "account" + section service "password" + section service "session";
}
