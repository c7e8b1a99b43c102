-- use: lib.lua51 and lib.pack(1, nil, 3).n .. lib.dir_separator .. tostring(lib.jit) .. tostring(lib.execute ~= nil)
-- want: 3/nilfalse
-- What differs between versions of Lua.
local compat = {}
compat.lua51 = _VERSION == "Lua 5.1"
compat.jit = (tostring(assert):match("builtin") == "builtin") or nil
if compat.jit then compat.jit52 = not (loadstring or load)("local goto = 1") end
compat.dir_separator = _G.package and package.config and package.config:sub(1, 1) or "/"
compat.is_windows = compat.dir_separator == "\\"
if not table.pack then function table.pack(...) return { n = select("#", ...), ... } end end
compat.pack = table.pack
if not table.unpack then table.unpack = unpack end
if os.execute then
  function compat.execute(cmd)
    local res1, _, res3 = os.execute(cmd)
    if res1 == "No error" and res3 == 0 and compat.is_windows then res3 = -1 end
    return res1 == 0, res3
  end
end
if compat.lua51 then
  if setfenv then
    compat.setfenv, compat.getfenv = setfenv, getfenv
  end
else
  compat.load = load
  function compat.setfenv(f, t)
    local name
    local up = 0
    repeat
      up = up + 1
      name = debug.getupvalue(f, up)
    until name == "_ENV" or name == nil
    if name then debug.upvaluejoin(f, up, function() return name end, 1) debug.setupvalue(f, up, t) end
  end
end
if not package or not package.searchpath then compat.searchpath = function(name, path) return nil, name .. path end end
return compat
