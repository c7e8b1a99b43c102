-- use: lib.render("Hi <%= name %>!<% x %>", { name = "<Ann>" })
-- want: Hi &lt;Ann&gt;!
-- A template engine that interprets, and would compile where it can.
local VERSION = "1.0"
local load, setfenv, assert, type, error = load, setfenv, assert, type, error
local concat = table.concat
local compile
if setfenv then
  compile = function(code, name, env) local f = assert(loadstring(code, name)) setfenv(f, env) return f end
elseif load and _VERSION ~= "Lua 5.1" then
  compile = function(code, name, env) return assert(load(code, name, "t", env)) end
end
local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }
local function escape(s) return (tostring(s):gsub("[&<>]", entities)) end
local function render(text, env)
  if type(text) ~= "string" then error("a template is a text", 2) end
  local out, at = {}, 1
  while true do
    local from, to, mark, code = text:find("<%%([=-]?)%s*(.-)%s*%%>", at)
    if not from then break end
    out[#out + 1] = text:sub(at, from - 1)
    if mark ~= "" then out[#out + 1] = mark == "=" and escape(env[code]) or tostring(env[code]) end
    at = to + 1
  end
  out[#out + 1] = text:sub(at)
  return concat(out)
end
return { render = render, compile = compile, _version = VERSION }
