# Long error messages of the module system.
#
# For: keeping the text out of the way of the logic.
# Not for: short messages, which stand where they are thrown.
{ lib, ... }:

let
  inherit (builtins) concatStringsSep length;
  inherit (lib.options) showOption unknownModule;
  quote = lib.strings.escapeNixString;

  paragraphs = concatStringsSep "\n\n";

  notAModuleHints = expectedClass: {
    configuration = ''
      If you really mean to import this configuration, instead please only import the modules that make up the configuration.
      You may have to create a `let` binding, file or attribute to give yourself access to the relevant modules.
      A finished configuration also has arguments and options of its own, which cannot be carried over by importing it.'';
    flake =
      let
        examples =
          [
            "inputs.someflake.modules.${
              if expectedClass == null then "someApp" else expectedClass
            }.default"
          ]
          ++ (
            if expectedClass == "nixos" || expectedClass == "darwin" then
              [ "inputs.someflake.${expectedClass}Modules.default" ]
            else
              [ ]
          );
      in
      ''
        Perhaps you forgot to select an attribute name?
        Instead of, for example,
            inputs.someflake
        you need to write something like
            ${concatStringsSep "\nor\n    " examples}'';
  };
in
{
  messages = {
    # A set with a _type of its own where a module should be.
    not_a_module =
      {
        fallbackFile,
        value,
        _type,
        expectedClass ? null,
        prefix,
      }:
      let
        hints = notAModuleHints expectedClass;
        into =
          (
            if fallbackFile != null && fallbackFile != unknownModule then
              ", while trying to load a module into ${toString fallbackFile}"
            else
              ""
          )
          + (
            if prefix != [ ] then ", while trying to load a module into ${showOption prefix}" else ""
          );
      in
      paragraphs (
        [
          ''
            Expected a module, but found a value of type ${quote _type}${into}.
            A module is typically loaded by adding it to the `imports = [ ... ];` attribute of an existing module, or in the `modules = [ ... ];` argument of various functions.
            Please make sure that each of the list items is a module, and not a different kind of value.''
        ]
        ++ (if hints ? ${_type} then [ hints.${_type} ] else [ ])
      );

    wrong_class =
      { class, module }:
      let
        file = if module._file != "" then module._file else module.key;
      in
      ''
        The module `${file}` (class: ${quote module._class}) cannot be imported into a module evaluation that expects class ${quote class}.

        The module ${file} was imported into ${class} instead of ${module._class}.

        Help:
        - Ensure that you are importing the correct module.
        - Verify that the module's `_class`, ${quote module._class} matches the expected `class` ${quote class}.
        - If you are using a custom class, make sure it is correctly defined and used consistently across your modules.
      '';

    # A set with a _type other than "option" where an option should be.
    not_an_option =
      loc: tag: file:
      let
        name = lib.strings.escapeNixIdentifier (lib.lists.last loc);
        comment = if length loc > 1 then "\n    # ${showOption loc}" else "";
      in
      paragraphs (
        [
          "In module ${file}: expected an option declaration at option path `${showOption loc}` but got an attribute set with type ${tag}"
        ]
        ++ (
          if tag == "option-type" then
            [
              ''
                When declaring an option, you must wrap the type in a `mkOption` call. It should look somewhat like:
                    ${comment}
                    ${name} = lib.mkOption {
                      description = ...;
                      type = <the type you wrote for ${name}>;
                      ...
                    };
              ''
            ]
          else
            [ ]
        )
      );
  };
}
