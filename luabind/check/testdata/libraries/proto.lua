-- use: tostring(lib:extend("Cat")("Tom")) .. tostring(lib:extend("Cat")("Tom"):is(lib))
-- want: Cat Tomtrue
-- Classes by copying metamethods.
local Object = {}
Object.__index = Object
function Object:new(name) self.name = name end
function Object:extend(name)
  local cls = {}
  for k, v in pairs(self) do
    if k:find("__") == 1 then cls[k] = v end
  end
  cls.__index, cls.super, cls.class_name = cls, self, name
  setmetatable(cls, self)
  return cls
end
function Object:implement(...)
  for _, cls in pairs({ ... }) do
    for k, v in pairs(cls) do if self[k] == nil and type(v) == "function" then self[k] = v end end
  end
end
function Object:is(T)
  local mt = getmetatable(self)
  while mt do
    if mt == T then return true end
    mt = getmetatable(mt)
  end
  return false
end
function Object:__tostring() return self.class_name .. " " .. self.name end
function Object:__call(...)
  local obj = setmetatable({}, self)
  obj:new(...)
  return obj
end
return Object
