# Pieces of text that name the pieces they must come after: how activation
# scripts are put in order.
#
# Not for: sorting in general (lists.toposort).
{ lib }:

let
  inherit (builtins) head tail;
in
rec {
  # Every named piece after the pieces it depends on, each piece once.
  textClosureList =
    predefined:
    let
      visit =
        done: todo:
        if todo == [ ] then
          {
            result = [ ];
            inherit done;
          }
        else
          let
            entry = head todo;
          in
          if builtins.isAttrs entry then
            let
              before = visit done entry.deps;
              after = visit before.done (tail todo);
            in
            {
              result = before.result ++ [ entry.text ] ++ after.result;
              inherit (after) done;
            }
          else if done ? ${entry} then
            visit done (tail todo)
          else
            visit (done // { ${entry} = true; }) ([ predefined.${entry} ] ++ tail todo);
    in
    names: (visit { } names).result;

  textClosureMap =
    f: predefined: names:
    lib.concatStringsSep "\n" (map f (textClosureList predefined names));

  noDepEntry = text: {
    inherit text;
    deps = [ ];
  };

  fullDepEntry = text: deps: { inherit text deps; };

  packEntry = deps: {
    inherit deps;
    text = "";
  };

  stringAfter = deps: text: { inherit text deps; };
}
