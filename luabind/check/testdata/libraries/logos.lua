-- use: lib("Window", { width = 3 })().width .. tostring(lib.is(lib("A")))
-- want: 3true
-- Classes with a name for each.
local next, assert, pairs, type, tostring, setmetatable, baseMt, _instances, _classes, _class = next, assert, pairs, type, tostring, setmetatable, {}, setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "k" })
local function assert_call(v, name) assert(type(v) == "table", ("Wrong method call. Expected class:%s."):format(name)) end
local function deep_copy(t, dest)
  dest = dest or {}
  for k, v in pairs(t) do
    if type(v) == "table" and k ~= "__index" then dest[k] = deep_copy(v) else dest[k] = v end
  end
  return dest
end
local function instantiate(call_init, self)
  assert_call(self, "new()")
  local instance = setmetatable({ class = self }, self)
  _instances[instance] = tostring(next(_instances))
  if call_init and self.init then self.init(instance) end
  return instance
end
baseMt.__index = baseMt
baseMt.__call = function(self) return instantiate(true, self) end
_class = function(name, attr)
  local c = deep_copy(attr or {})
  c.name, c.__index = name or "Unnamed", c
  _classes[c] = true
  return setmetatable(c, baseMt)
end
return setmetatable({ _DESCRIPTION = "30 lines", is = function(c) return _classes[c] or false end }, { __call = function(_, ...) return _class(...) end })
