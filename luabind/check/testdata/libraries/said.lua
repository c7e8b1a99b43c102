-- use: lib("greet", { "Ann" }) .. lib:get_namespace()
-- want: Hello Annen
-- Key and value strings by namespace.
local unpack = table.unpack or unpack
local registry = {}
local current_namespace, fallback_namespace
local s = {
  _COPYRIGHT = "Copyright", _VERSION = "Say 1.4",
  set_namespace = function(_, namespace)
    current_namespace = namespace
    if not registry[current_namespace] then registry[current_namespace] = {} end
  end,
  set_fallback = function(_, namespace)
    fallback_namespace = namespace
    if not registry[fallback_namespace] then registry[fallback_namespace] = {} end
  end,
  set = function(_, key, value) registry[current_namespace][key] = value end,
  get_namespace = function() return current_namespace end,
}
local __meta = {
  __call = function(_, key, vars)
    if vars ~= nil and type(vars) ~= "table" then error(("expected parameter table to be a table, got '%s'"):format(type(vars)), 2) end
    vars = vars or {}
    local str = registry[current_namespace][key] or registry[fallback_namespace][key]
    if str == nil then return nil end
    str, vars = tostring(str), vars
    local strings = {}
    for i = 1, vars.n or #vars do strings[i] = tostring(vars[i]) end
    return #strings > 0 and str:format(unpack(strings)) or str
  end,
  __index = function(_, key) return registry[key] end,
}
s:set_fallback("en")
s:set_namespace("en")
s:set("greet", "Hello %s")
if _TEST then s._registry = registry end
return setmetatable(s, __meta)
