# lib.generators: toLua and mkLuaInline.
{ lib }:

let
  inherit (lib.generators) mkLuaInline toLua;
in
{
  "an empty set" = {
    expr = toLua { } { };
    expected = "{}";
  };
  "an empty list" = {
    expr = toLua { } [ ];
    expected = "{}";
  };
  "values of many types" = {
    expr = toLua { } [
      null
      43
      3.14159
      true
      "a"
    ];
    expected = ''
      {
        nil,
        43,
        3.14159,
        true,
        "a"
      }'';
  };
  "quotes in a string" = {
    expr = toLua { } ''double-quote (") and single quotes (')'';
    expected = ''"double-quote (\") and single quotes (')"'';
  };
  "inline code stands in parentheses" = {
    expr = toLua { } { x = mkLuaInline ''"abc" .. "def"''; };
    expected = ''
      {
        ["x"] = ("abc" .. "def")
      }'';
  };
  "what mkLuaInline makes" = {
    expr = mkLuaInline "x";
    expected = {
      _type = "lua-inline";
      expr = "x";
    };
  };
  "keys are quoted" = {
    expr = toLua { } { "some space and double-quote (\")" = 42; };
    expected = ''
      {
        ["some space and double-quote (\")"] = 42
      }'';
  };
  "on one line" = {
    expr = toLua { multiline = false; } {
      a = [
        41
        43
      ];
      b = { };
    };
    expected = ''{ ["a"] = { 41, 43 }, ["b"] = {} }'';
  };
  "tables in tables" = {
    expr = toLua { } {
      cmd = [
        "typescript-language-server"
        "--stdio"
      ];
      settings.workspace.library = mkLuaInline ''vim.api.nvim_get_runtime_file("", true)'';
    };
    expected = ''
      {
        ["cmd"] = {
          "typescript-language-server",
          "--stdio"
        },
        ["settings"] = {
          ["workspace"] = {
            ["library"] = (vim.api.nvim_get_runtime_file("", true))
          }
        }
      }'';
  };
  "no bindings" = {
    expr = toLua { asBindings = true; } { };
    expected = "";
  };
  "bindings" = {
    expr = toLua { asBindings = true; } {
      x1 = 41;
      _y.a = 43;
    };
    expected = ''
      _y = {
        ["a"] = 43
      }
      x1 = 41
    '';
  };
  "a binding of a field" = {
    expr = toLua { asBindings = true; } { "x.y" = 42; };
    expected = "x.y = 42\n";
  };
  "indented bindings" = {
    expr = toLua {
      asBindings = true;
      indent = "  ";
    } { x.y = 42; };
    expected = "  x = {\n    [\"y\"] = 42\n  }\n";
  };
  "a name with a blank cannot be bound" = {
    expr = toLua { asBindings = true; } { "with space" = 42; };
    error = [
      "Bad Lua var names:"
      "with space"
    ];
  };
  "a name cannot begin with a digit" = {
    expr = toLua { asBindings = true; } { "11eleven" = 42; };
    error = "Bad Lua var names:";
  };
  "a function has no text" = {
    expr = toLua { } { a = x: x; };
    error = "generators.toLua: type lambda is unsupported";
  };
}
